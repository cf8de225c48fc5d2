import type { Ledger } from "../ledger/ledger.ts";
import type { NodeProcess } from "./node-process.ts";
import type { DemoOptions } from "./options.ts";

/** An experiment on a local chain: what the run knows of it while it goes on. */
export interface LiveExperiment {
  readonly options: DemoOptions;
  readonly ledger: Ledger;
  readonly experiment: bigint;
  readonly chainId: number;
  readonly nodes: readonly NodeProcess[];
}
