import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { BaseWallet } from "ethers";
import type { Logger } from "pino";

import { UserError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { Transactor } from "../ledger/transactor.ts";
import type { MachineLearningInterface } from "../learning/interface.ts";
import type { Manifest } from "../weights/manifest.ts";
import { castDirectly, castSealed } from "./casting.ts";
import { announce, ContactBook } from "./contact.ts";
import type { Emit } from "./events.ts";
import { Journal } from "./journal.ts";
import { fetchManifest } from "./manifest.ts";
import { LearnerNode } from "./node.ts";
import { openStore, type StoreOptions } from "./open-store.ts";
import { linkToJoin, Secrets } from "./secrets.ts";

export interface LaunchOptions extends StoreOptions {
  readonly ledger: Ledger;
  readonly wallet: BaseWallet;
  readonly experiment: bigint;
  /** Makes the learner that the manifest describes, on this stakeholder's data. */
  readonly createLearner: (manifest: Manifest) => Promise<{ learner: MachineLearningInterface; backend: string }>;
  /** Multiaddresses of peers beyond those on the ledger. */
  readonly peers?: readonly string[] | undefined;
  readonly fetchTimeoutMilliseconds: number;
  /** The coordinator's signed invitation, where admission asks for one. */
  readonly invitation?: string | undefined;
  /** What a transaction may offer at most for a unit of gas, wei. */
  readonly maxFee?: bigint | undefined;
  readonly emit: Emit;
  readonly log: Logger;
  /** Ends the node after the step in hand. */
  readonly stopping: AbortSignal;
  /** Ends the node at once. */
  readonly aborted: AbortSignal;
  /** Keep serving weights to other learners when the experiment has ended, until told to stop. */
  readonly keepServing: boolean;
}

/**
 * Opens all that a node needs, runs it to the end, and closes everything.
 * @throws UserError when something that the operator gave cannot be used
 */
export async function launch(options: LaunchOptions): Promise<"completed" | "cancelled" | undefined> {
  const { ledger, wallet, experiment, home, log, emit, aborted, stopping } = options;
  const transactor = await Transactor.create(ledger, wallet, { maxFeePerGas: options.maxFee });
  const description = await ledger.experiment(experiment);
  const { config } = description;
  await using resources = new AsyncDisposableStack();

  await mkdir(home, { recursive: true }).catch((cause: unknown) => {
    throw new UserError("home", `the folder ${home} cannot be made`, { remedy: "give another with --home", cause });
  });
  const scope = { chain: await ledger.chain(), contract: ledger.address, experiment, learner: wallet.address };
  const journal = new Journal(join(home, "journal.sqlite"), scope);
  resources.defer(() => journal.close());
  const store = await openStore(options);
  resources.defer(() => store.stop());

  const contacts = new ContactBook(ledger, experiment, options.peers ?? []);
  const { index } = await ledger.snapshot(experiment, wallet.address);
  if (index !== undefined) await announce(transactor, experiment, store);
  const { fetchTimeoutMilliseconds } = options;
  const ending = AbortSignal.any([stopping, aborted]);
  const manifest = await fetchManifest(
    config.manifest,
    { store, contacts, log, isOver: async () => (await ledger.snapshot(experiment)).status === "cancelled" },
    fetchTimeoutMilliseconds,
    ending,
  );
  if (manifest === undefined) return undefined;
  const { learner, backend } = await options.createLearner(manifest);
  resources.defer(() => learner.dispose());

  log.info({ learner: wallet.address, experiment: Number(experiment), task: manifest.task.name, backend }, "ready");
  emit({ event: "ready", learner: wallet.address, experiment: experiment.toString(), backend });
  const spec = manifest.weights;
  const context = { experiment, transactor, store, contacts, journal, learner, spec, emit, log };
  const secrets = new Secrets(wallet, scope);
  const casting =
    config.ballot === "sealed" ? castSealed(transactor, experiment, secrets) : castDirectly(transactor, experiment);
  const joinTerms = { link: linkToJoin(config, secrets), invitation: options.invitation };
  const protocol = { config, secrets, casting, joinTerms };
  const node = new LearnerNode({ ...context, ...protocol, fetchTimeoutMilliseconds }, description);
  const status = await node.run(stopping, aborted);
  if (status !== undefined && options.keepServing && !ending.aborted) {
    log.info(`the experiment is ${status}; still serving weights to the others until stopped`);
    await new Promise((resolve) => {
      ending.addEventListener("abort", resolve, { once: true });
    });
  }
  return status;
}
