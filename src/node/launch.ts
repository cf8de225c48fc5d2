import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { BaseWallet } from "ethers";
import type { Logger } from "pino";

import { ColearnError, UserError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { Transactor } from "../ledger/transactor.ts";
import type { ExperimentConfig } from "../ledger/types.ts";
import type { MachineLearningInterface } from "../learning/interface.ts";
import { openHeliaStore } from "../storage/helia.ts";
import { openKuboStore } from "../storage/kubo.ts";
import type { Store } from "../storage/store.ts";
import { formatContentId } from "../weights/content-id.ts";
import { MAX_MANIFEST_BYTES, parseManifest, type Manifest } from "../weights/manifest.ts";
import { announce, ContactBook } from "./contact.ts";
import type { Emit } from "./events.ts";
import { Journal } from "./journal.ts";
import { LearnerNode } from "./node.ts";

export interface StoreOptions {
  /** The node's own folder. */
  readonly home: string;
  /** Address of a Kubo daemon's RPC: then that is the store, and not one in `home`. */
  readonly kubo?: string | undefined;
  /** Multiaddresses that the embedded store listens at. */
  readonly listen?: readonly string[] | undefined;
  /** Multiaddresses at which others reach it, where they differ from those it listens at. */
  readonly announce?: readonly string[] | undefined;
}

export interface LaunchOptions extends StoreOptions {
  readonly ledger: Ledger;
  readonly wallet: BaseWallet;
  readonly experiment: bigint;
  /** Makes the learner that the manifest describes, on this stakeholder's data. */
  readonly createLearner: (manifest: Manifest) => Promise<{ learner: MachineLearningInterface; backend: string }>;
  /** Multiaddresses of peers beyond those on the ledger. */
  readonly peers?: readonly string[] | undefined;
  readonly fetchTimeoutMilliseconds: number;
  readonly emit: Emit;
  readonly log: Logger;
  /** Ends the node after the step in hand. */
  readonly stopping: AbortSignal;
  /** Ends the node at once. */
  readonly aborted: AbortSignal;
  /** Keep serving weights to other learners when the experiment has ended, until told to stop. */
  readonly keepServing: boolean;
}

/** Folder of the embedded store under a node's home. */
export async function openStore({ home, kubo, listen, announce }: StoreOptions): Promise<Store> {
  if (kubo !== undefined) return openKuboStore({ url: kubo });
  return openHeliaStore({
    directory: join(home, "store"),
    ...(listen === undefined ? {} : { listen: [...listen] }),
    ...(announce === undefined ? {} : { announce: [...announce] }),
  });
}

/**
 * Opens all that a node needs, runs it to the end, and closes everything.
 * @throws UserError when something that the operator gave cannot be used
 */
export async function launch(options: LaunchOptions): Promise<"completed" | "cancelled" | undefined> {
  const { ledger, wallet, experiment, home, log, emit, aborted, stopping } = options;
  const transactor = await Transactor.create(ledger, wallet);
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
  const manifest = await fetchManifest(options, store, contacts, config);
  if (manifest === undefined) return undefined;
  const { learner, backend } = await options.createLearner(manifest);
  resources.defer(() => learner.dispose());

  log.info({ learner: wallet.address, experiment: Number(experiment), task: manifest.task.name, backend }, "ready");
  emit({ event: "ready", learner: wallet.address, experiment: experiment.toString(), backend });
  const { fetchTimeoutMilliseconds } = options;
  const spec = manifest.weights;
  const context = { experiment, transactor, store, contacts, journal, learner, spec, emit, log };
  const node = new LearnerNode({ ...context, fetchTimeoutMilliseconds }, description);
  const status = await node.run(stopping, aborted);
  if (status !== undefined && options.keepServing && !stopping.aborted) {
    log.info(`the experiment is ${status}; still serving weights to the others until stopped`);
    await new Promise((resolve) => {
      AbortSignal.any([stopping, aborted]).addEventListener("abort", resolve, { once: true });
    });
  }
  return status;
}

/** Waits until some learner can give the manifest; undefined when told to stop before. */
async function fetchManifest(
  { log, stopping, aborted, fetchTimeoutMilliseconds: timeoutMilliseconds }: LaunchOptions,
  store: Store,
  contacts: ContactBook,
  { manifest: id }: ExperimentConfig,
): Promise<Manifest | undefined> {
  const signal = AbortSignal.any([stopping, aborted]);
  const stopped = () => signal.aborted;
  while (!stopped()) {
    let bytes: Uint8Array;
    try {
      const providers = (await store.has(id)) ? [] : await contacts.providers();
      bytes = await store.get(id, { maxBytes: MAX_MANIFEST_BYTES, providers, signal, timeoutMilliseconds });
    } catch (error) {
      if (stopped()) return undefined;
      if (!(error instanceof ColearnError) || error.code !== "not-found") throw error;
      log.info({ manifest: formatContentId(id) }, "waiting for a learner that has the experiment's manifest");
      await sleep(2_000, undefined, { signal }).catch(() => undefined);
      continue;
    }
    await store.pin(id, signal);
    return readManifest(bytes);
  }
  return undefined;
}

function readManifest(bytes: Uint8Array): Manifest {
  try {
    return parseManifest(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("manifest", `this experiment cannot be joined: ${reason}`, {
      remedy: "check the experiment's number, or update colearn-ledger",
      cause,
    });
  }
}
