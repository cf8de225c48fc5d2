import { setTimeout as sleep } from "node:timers/promises";

import type { BaseWallet } from "ethers";
import type { Logger } from "pino";

import { reasonOf } from "../../ledger/errors.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { Transactor } from "../../ledger/transactor.ts";
import { isFinal } from "../../ledger/types.ts";
import { Resources } from "../../resources.ts";
import { makeHome, openStore, type StoreOptions } from "../open-store.ts";
import { Operation } from "../operation/operation.ts";
import type { HttpAddress } from "../operation/server.ts";
import { serveRelay } from "./serve.ts";

export interface RunRelayOptions extends Omit<StoreOptions, "kubo"> {
  readonly ledger: Ledger;
  readonly wallet: BaseWallet;
  readonly experiment: bigint;
  /** What a transaction may offer at most for a unit of gas, wei. */
  readonly maxFee?: bigint | undefined;
  readonly confirmations?: number | undefined;
  /** Where health and metrics are told; nowhere where left out. */
  readonly http?: HttpAddress | undefined;
  /** Of this program: the metrics tell it. */
  readonly version: string;
  /** Told once of the multiaddresses at which learners reach the relay, and of where it tells its health. */
  readonly onReady: (addresses: readonly string[], http: string | null) => void;
  readonly log: Logger;
  readonly stopping: AbortSignal;
}

/** How often it is asked whether the experiment is over. */
const INTERVAL_MILLISECONDS = 2_000;

/**
 * Relays for an experiment's learners until it is over or the relay is told to stop. It learns nothing and has no data.
 * @throws UserError when something that the operator gave cannot be used
 */
export async function runRelay(options: RunRelayOptions): Promise<void> {
  const { ledger, wallet, experiment, home, listen, announce, log, stopping } = options;
  await using resources = new Resources();
  const operation = new Operation({ kind: "relay", version: options.version, log, stopping });
  const http = options.http === undefined ? undefined : resources.use(await operation.serve(options.http));
  operation.watchAccount(ledger, wallet.address);
  const { config } = await ledger.experiment(experiment);
  const transactor = await Transactor.create(ledger, wallet, {
    maxFeePerGas: options.maxFee,
    confirmations: options.confirmations,
    onTransaction: operation.countTransaction,
  });
  await makeHome(home);
  const store = await openStore({ home, listen, announce });
  resources.defer(() => store.stop());
  operation.watchStore(store, home);
  if (store.messages === undefined) throw new Error("the embedded store has no messages");
  resources.use(await serveRelay({ experiment, transactor, config, forAll: true, log }, store.messages));
  options.onReady(await store.addresses(), http?.url ?? null);

  const stopped = () => stopping.aborted;
  while (!stopped()) {
    try {
      const snapshot = await ledger.snapshot(experiment);
      operation.see(snapshot);
      const { status } = snapshot;
      if (isFinal(status)) {
        log.info(`the experiment is ${status}`);
        return;
      }
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, "the ledger did not answer");
    }
    await sleep(INTERVAL_MILLISECONDS, undefined, { signal: stopping }).catch(() => undefined);
  }
}
