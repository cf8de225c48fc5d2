import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { startChain, type ChainOptions } from "../../../src/demo/chain.ts";
import { NodeProcess } from "../../../src/demo/node-process.ts";
import { connect } from "../../../src/ledger/connect.ts";
import { devAccount } from "../../../src/ledger/dev-accounts.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { Transactor } from "../../../src/ledger/transactor.ts";
import { colearnJson, colearnPath, temporaryFolder, until } from "./colearn.ts";

/** A small part of MNIST each, so that a round takes about a second. */
const SHARDS = 100;

export interface TestExperiment extends AsyncDisposable {
  readonly ledger: Ledger;
  readonly rpc: string;
  readonly id: bigint;
  readonly folder: string;
  /** Folder of a node, by the number of its account. */
  home(account: number): string;
  /** Starts a node as a process of its own; it is stopped in the end. */
  startNode(account: number, extra?: readonly string[]): NodeProcess;
  /** Signs with a test account. */
  transactor(account: number): Promise<Transactor>;
  completed(seconds?: number): Promise<void>;
}

/** A chain, a contract and an experiment, made with the command line. Account 0 is the coordinator and a learner. */
export async function createExperiment(
  createArgs: readonly string[],
  chainOptions: Partial<ChainOptions> = {},
): Promise<TestExperiment> {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(await temporaryFolder()).path;
  const chain = await startChain({ accounts: 10, ...chainOptions });
  resources.defer(() => chain.stop());
  const { contract } = await colearnJson<{ contract: string }>(["deploy", "--rpc", chain.rpc, "--dev-account", "0"]);
  const target = ["--rpc", chain.rpc, "--contract", contract];
  const home = (account: number) => join(folder, `node-${account}`);
  const create = ["create", ...target, "--dev-account", "0", "--home", home(0), ...createArgs];
  const id = BigInt((await colearnJson<{ experiment: number }>(create)).experiment);
  const provider = await connect({ rpc: chain.rpc });
  resources.defer(() => provider.destroy());
  const ledger = new Ledger(provider, contract);
  const nodes: NodeProcess[] = [];
  resources.defer(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  });

  return {
    ledger,
    rpc: chain.rpc,
    id,
    folder,
    home,
    startNode(account, extra = []) {
      mkdirSync(home(account), { recursive: true });
      const shard = ["--shard", `${account}/${SHARDS}`, "--backend", "wasm"];
      const own = ["--dev-account", String(account), "--home", home(account), ...shard];
      const log = join(folder, `node-${account}.${nodes.length}.log`);
      const node = new NodeProcess(colearnPath, [id.toString(), ...target, ...own, ...extra], log);
      nodes.push(node);
      return node;
    },
    transactor: (account) => Transactor.create(ledger, devAccount(account)),
    completed: (seconds = 120) =>
      until("the experiment is completed", async () => (await ledger.snapshot(id)).status === "completed", seconds),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
