import { setTimeout as sleep } from "node:timers/promises";

import type { BaseWallet } from "ethers";
import type { Logger } from "pino";

import { ColearnError, UserError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { Transactor } from "../ledger/transactor.ts";
import type { MachineLearningInterface } from "../learning/interface.ts";
import { privacyOf, stopOf, type Manifest } from "../weights/manifest.ts";
import { castDirectly, castSealed } from "./casting.ts";
import { announce, ContactBook } from "./contact.ts";
import type { Emit } from "./events.ts";
import { Journal, journalIn } from "./journal.ts";
import { fetchManifest } from "./manifest.ts";
import { LearnerNode } from "./node.ts";
import { makeHome, openStore, type StoreOptions } from "./open-store.ts";
import { Operation } from "./operation/operation.ts";
import type { HttpAddress } from "./operation/server.ts";
import { lowerLimit, withBudget, type OwnLimit } from "./privacy.ts";
import { castRelayed } from "./relay/cast-relayed.ts";
import { callTime, RelayClient } from "./relay/client.ts";
import { serveRelay } from "./relay/serve.ts";
import { DEFAULT_KEPT_ROUNDS } from "./retention.ts";
import { linkToJoin, Secrets, secretScope } from "./secrets.ts";
import { Resources } from "../resources.ts";

export interface LaunchOptions extends StoreOptions {
  readonly ledger: Ledger;
  readonly wallet: BaseWallet;
  readonly experiment: bigint;
  /** Makes the learner that the manifest describes, on this stakeholder's data. */
  readonly createLearner: (manifest: Manifest) => Promise<{ learner: MachineLearningInterface; backend: string }>;
  /** Multiaddresses of peers beyond those on the ledger. */
  readonly peers?: readonly string[] | undefined;
  readonly fetchTimeoutMilliseconds: number;
  /** How votes get to the ledger: each by a transaction, or signed and sent together. */
  readonly votes: "direct" | "relayed";
  /** Multiaddresses of relays beyond those on the ledger. */
  readonly relayers?: readonly string[] | undefined;
  /** Send others' votes and calls too, and pay for them. */
  readonly relay?: boolean | undefined;
  /** The coordinator's signed invitation, where admission asks for one. */
  readonly invitation?: string | undefined;
  /** What the learner may spend of its data's privacy, where its operator allows less than the manifest. */
  readonly privacy?: OwnLimit | undefined;
  /** Settled rounds whose weights stay on disk. Default 20. */
  readonly keep?: number | undefined;
  /** Keep all accepted weights. */
  readonly keepLineage?: boolean | undefined;
  /** What a transaction may offer at most for a unit of gas, wei. */
  readonly maxFee?: bigint | undefined;
  readonly confirmations?: number | undefined;
  /** Where health and metrics are told; nowhere where left out. */
  readonly http?: HttpAddress | undefined;
  /** Of this program: the metrics tell it. */
  readonly version: string;
  readonly emit: Emit;
  readonly log: Logger;
  /** Ends the node after the step in hand. */
  readonly stopping: AbortSignal;
  /** Ends the node at once. */
  readonly aborted: AbortSignal;
  /** Keep serving weights to other learners when the experiment has ended, until told to stop. */
  readonly keepServing: boolean;
}

/** What mends itself while a node starts: the endpoint is silent, or the disk is full. */
const PASSING = new Set(["rpc", "unavailable", "journal-disk"]);
/** Why a contact cannot be announced now. */
const UNANNOUNCED = new Set(["not-relayed", "no-funds", "fee-too-high", "not-mined", "not-final"]);
/** Between two tries to start where the endpoint is silent, at most. */
const MAX_BACKOFF_MILLISECONDS = 15_000;

/**
 * Opens all that a node needs, runs it to the end, and closes everything. Where the chain's endpoint is silent meanwhile, it
 * begins again: whoever calls this has reached it before.
 * @throws UserError when something that the operator gave cannot be used
 */
export async function launch(options: LaunchOptions): Promise<"completed" | "cancelled" | undefined> {
  const { ledger, wallet, log, stopping, aborted } = options;
  if ((options.votes === "relayed" || options.relay === true) && options.kubo !== undefined) {
    throw new UserError("kubo", "votes are relayed between embedded stores, and this node's store is a Kubo daemon", {
      remedy: "leave out --kubo, or send votes directly",
    });
  }
  await using resources = new Resources();
  // First of all: a node that waits for something is alive, and tells for what.
  const operation = new Operation({ kind: "node", version: options.version, log, stopping });
  const http = options.http === undefined ? undefined : resources.use(await operation.serve(options.http));
  operation.watchAccount(ledger, wallet.address);
  const ending = AbortSignal.any([stopping, aborted]);
  const ended = () => ending.aborted;
  for (let failures = 0; ; failures++) {
    try {
      return await runNode(options, operation, http?.url ?? null);
    } catch (error) {
      if (!(error instanceof ColearnError && PASSING.has(error.code)) || ended()) throw error;
      log.error({ err: { code: error.code, message: error.message } }, "starting failed; trying again");
      const backoff = Math.min(500 * 2 ** failures, MAX_BACKOFF_MILLISECONDS);
      await sleep(backoff, undefined, { signal: ending }).catch(() => undefined);
      if (ended()) return undefined;
    }
  }
}

async function runNode(
  options: LaunchOptions,
  operation: Operation,
  http: string | null,
): Promise<"completed" | "cancelled" | undefined> {
  const { ledger, wallet, experiment, home, log, aborted, stopping } = options;
  const isRelayed = options.votes === "relayed";
  const isRelay = options.relay === true;
  await using resources = new Resources();
  const emit = operation.listenTo(options.emit);
  const snapshotOf = async () => {
    const snapshot = await ledger.snapshot(experiment, wallet.address);
    operation.see(snapshot);
    return snapshot;
  };
  const description = await ledger.experiment(experiment);
  const { config } = description;

  await makeHome(home);
  const scope = await secretScope(ledger, experiment);
  const journal = new Journal(journalIn(home), { ...scope, learner: wallet.address });
  resources.defer(() => journal.close());
  const store = await openStore(options);
  resources.defer(() => store.stop());
  operation.watchStore(store, home);

  const contacts = new ContactBook(ledger, experiment, options.peers ?? []);
  const messages = isRelayed || isRelay ? store.messages : undefined;
  const relayers = options.relayers ?? [];
  const callMilliseconds = callTime(config);
  const relays = messages && new RelayClient({ messages, contacts, relayers, log, callMilliseconds, ending: aborted });
  const transactor = await Transactor.create(ledger, wallet, {
    maxFeePerGas: options.maxFee,
    confirmations: options.confirmations,
    relay: isRelayed ? relays : undefined,
    onTransaction: operation.countTransaction,
    transactionLog: journal.transactions,
  });
  const { index } = await snapshotOf();
  if (index !== undefined) {
    await announce(transactor, experiment, store, { relay: isRelay }).catch((error: unknown) => {
      // Without funds, a relay, or a price it can pay: the node is found where it was before, or not.
      if (!(error instanceof ColearnError) || !UNANNOUNCED.has(error.code)) throw error;
      log.warn(`the contact is not announced: ${error.message}`);
    });
  }
  const { fetchTimeoutMilliseconds } = options;
  const ending = AbortSignal.any([stopping, aborted]);
  const manifest = await fetchManifest(
    config.manifest,
    { store, contacts, log, isOver: async () => (await snapshotOf()).status === "cancelled" },
    fetchTimeoutMilliseconds,
    ending,
  );
  if (manifest === undefined) return undefined;
  const allowed = privacyOf(manifest);
  const limit = lowerLimit(allowed, options.privacy);
  const { learner: made, backend } = await options.createLearner(manifest);
  resources.defer(() => made.dispose());
  let learner = made;
  if (limit !== undefined) {
    const roundAt = (round: number) => ledger.round(experiment, round);
    const ofWhom = { address: wallet.address, snapshot: await snapshotOf(), roundAt };
    const budgeted = await withBudget(made, { limit, spendings: journal.spendings, ...ofWhom, log });
    operation.watchPrivacy(budgeted);
    learner = budgeted;
  }

  log.info({ learner: wallet.address, experiment: Number(experiment), task: manifest.task.name, backend }, "ready");
  emit({
    event: "ready",
    learner: wallet.address,
    experiment: experiment.toString(),
    backend,
    http,
  });
  const spec = manifest.weights;
  const when = stopOf(manifest);
  const stop = when && { when, direction: manifest.metric.direction };
  const told = { emit, onSnapshot: operation.see, log };
  const agreed = { spec, stop, privacy: allowed };
  const context = { experiment, transactor, store, contacts, journal, learner, ...agreed, ...told, relay: isRelay };
  if (messages && relays) {
    relays.own = resources.use(await serveRelay({ experiment, transactor, config, forAll: isRelay, log }, messages));
  }
  const secrets = new Secrets(wallet, scope);
  let casting = castDirectly(transactor, experiment);
  if (config.ballot === "sealed") casting = castSealed(transactor, experiment, secrets);
  else if (isRelayed && relays) {
    casting = castRelayed({
      transactor,
      signer: wallet,
      experiment,
      voteWindow: config.voteWindow,
      relays,
      log,
      stopping,
    });
  }
  const joinTerms = { link: linkToJoin(config, secrets), invitation: options.invitation };
  const keeping = { rounds: options.keep ?? DEFAULT_KEPT_ROUNDS, lineage: options.keepLineage === true };
  const protocol = { config, secrets, casting, joinTerms, keeping, isRelayed };
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
