import type { Command } from "commander";

import { UserError } from "../errors.ts";
import type { NodeEvent } from "../node/events.ts";
import { type KeyLock, lockKey } from "../node/key-lock.ts";
import { launch } from "../node/launch.ts";
import { DEFAULT_KEPT_ROUNDS } from "../node/retention.ts";
import { type DataOptions, startLearner, withData } from "./data.ts";
import {
  collect,
  type ContractOptions,
  experimentId,
  httpOption,
  type HttpOption,
  integer,
  type KeyOptions,
  logLevelOption,
  votesOption,
  withContract,
  withJson,
  withKey,
} from "./options.ts";
import { createLogger, printJsonLine } from "./output.ts";
import { readInvitation } from "./invitation.ts";
import { DELTA, EPSILON, type PrivacyOptions } from "./privacy.ts";
import { fundedKey, openLedger, resolveExperiment, signingKey } from "./session.ts";
import { moduleOf } from "./task.ts";
import { version } from "./version.ts";

interface NodeOptions extends ContractOptions, KeyOptions, DataOptions, PrivacyOptions {
  readonly home: string;
  readonly listen?: string[];
  readonly announce?: string[];
  readonly peer?: string[];
  readonly kubo?: string;
  readonly votes: "direct" | "relayed";
  readonly relayer?: string[];
  readonly relay?: boolean;
  readonly invitation?: string;
  readonly keep: number;
  readonly keepLineage?: boolean;
  readonly fetchTimeout: number;
  readonly http: HttpOption;
  readonly untilComplete?: boolean;
  readonly logLevel: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("node")
    .description("run a learner's node: join, train, propose, evaluate and vote until the experiment ends")
    .argument("[experiment]", "number of the experiment; the newest one if left out", experimentId)
    .requiredOption("--home <dir>", "the node's own folder: store and journal");
  withData(command)
    .option("--listen <multiaddr>", "where the store listens; may be repeated (default: loopback)", collect)
    .option("--announce <multiaddr>", "where others reach it, if elsewhere; may be repeated", collect)
    .option("--peer <multiaddr>", "a peer to fetch from beyond those on the ledger; may be repeated", collect)
    .option("--kubo <url>", "use the Kubo daemon with this RPC address as the store")
    .addOption(votesOption())
    .option("--relayer <multiaddr>", "who sends for this key if it has no funds; may be repeated", collect)
    .option("--relay", "send other learners' signed votes and calls too, and pay for them")
    .option("--invitation <file|hex>", "the coordinator's signed invitation")
    .option("--fetch-timeout <seconds>", "give up a fetch that stands still this long", integer(1, 3600), 30)
    .option("--epsilon <n>", "differential privacy that this learner may spend, if less than the manifest's", EPSILON)
    .option("--delta <n>", "the δ of --epsilon, where the manifest has none", DELTA)
    .option("--keep <rounds>", "settled rounds whose weights stay on disk", integer(1), DEFAULT_KEPT_ROUNDS)
    .option("--keep-lineage", "keep all accepted weights, however old")
    .option("--until-complete", "stop when the experiment ends, instead of serving its weights on")
    .addOption(httpOption())
    .addOption(logLevelOption());
  withJson(withKey(withContract(command)))
    .addHelpText("after", "\nExample:\n  colearn node 1 --home node0 --dev-account 0 --shard 0/3")
    .action(runNode);
}

/** Told twice to stop, the node leaves whatever does not end by itself within this. */
const EXIT_MILLISECONDS = 2_000;

async function runNode(asked: bigint | undefined, options: NodeOptions): Promise<void> {
  const log = createLogger(options.logLevel);
  const stopping = new AbortController();
  const aborted = new AbortController();
  const stopAtOnce = () => {
    stopping.abort();
    aborted.abort();
    setTimeout(() => process.exit(1), EXIT_MILLISECONDS).unref();
  };
  const stop = () => {
    if (stopping.signal.aborted) stopAtOnce();
    else {
      log.info("stopping after the step in hand; once more stops at once");
      stopping.abort();
    }
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  // Started by a parent over a channel, it does not outlive that parent.
  process.on("disconnect", stopAtOnce);

  moduleOf(options);
  const ledger = await openLedger({ ...options, log });
  let lock: KeyLock | undefined;
  try {
    const isRelayed = options.votes === "relayed";
    if (options.relayer !== undefined && !isRelayed) {
      throw new UserError("relayer", "--relayer is of no use where votes are sent directly", {
        remedy: "add --votes relayed",
      });
    }
    const wallet = await (isRelayed ? signingKey : fundedKey)(options, ledger.provider);
    const experiment = await resolveExperiment(ledger, asked);
    const invitation = await readInvitation(options.invitation, experiment, wallet.address);
    lock = lockKey({ chain: await ledger.chain(), address: wallet.address }, log);
    await launch({
      ...options,
      http: options.http === "off" ? undefined : options.http,
      ledger,
      wallet,
      experiment,
      createLearner: async (manifest) => {
        const learner = await startLearner(options, manifest, { signal: aborted.signal, logger: log });
        return { learner, backend: learner.info.backend.description };
      },
      peers: options.peer,
      relayers: options.relayer,
      invitation,
      privacy: { epsilon: options.epsilon, delta: options.delta },
      version: version(),
      fetchTimeoutMilliseconds: options.fetchTimeout * 1000,
      emit: (event: NodeEvent) => {
        if (options.json) printJsonLine({ time: Date.now(), ...event });
      },
      log,
      stopping: stopping.signal,
      aborted: aborted.signal,
      keepServing: options.untilComplete !== true,
    });
  } finally {
    lock?.release();
    ledger.provider.destroy();
    if (process.connected) process.disconnect();
  }
}
