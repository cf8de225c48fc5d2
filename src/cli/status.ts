import type { Command } from "commander";

import { count, has, type CastVote, type Round, type Snapshot } from "../ledger/types.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { describeStop, settle, stopRound } from "../node/checkpoints.ts";
import { readManifest } from "../node/export.ts";
import { formatContentId } from "../weights/content-id.ts";
import { stopOf } from "../weights/manifest.ts";
import { explainMissing } from "./checkpoint.ts";
import { type ContractOptions, experimentId, withContract, withJson } from "./options.ts";
import { paint, print, printJson } from "./output.ts";
import { resolveExperiment, withLedger } from "./session.ts";
import { type SourceOptions, withSource, withSourceStore } from "./source.ts";

interface StatusOptions extends ContractOptions, SourceOptions {
  readonly stop?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("status")
    .description("show an experiment's learners, rounds and votes, from the chain alone")
    .argument("[experiment]", "number of the experiment; the newest one if left out", experimentId);
  command.option("--stop", "fetch the manifest too, and tell whether it has stopped the experiment early");
  withJson(withSource(withContract(command)))
    .addHelpText("after", "\nExample:\n  colearn status 1 --json")
    .action(status);
}

interface RoundStatus {
  readonly round: number;
  readonly state: Round;
  readonly votes: readonly CastVote[];
}

async function status(asked: bigint | undefined, options: StatusOptions): Promise<void> {
  await withLedger(options, async (ledger) => {
    const experiment = await resolveExperiment(ledger, asked);
    const snapshot = await ledger.snapshot(experiment);
    const learners = await ledger.learners(experiment);
    const rounds = await readRounds(ledger, experiment, snapshot);
    const stop = options.stop ? await readStop(ledger, experiment, rounds, options) : undefined;
    if (options.json)
      printJson({
        ...asJson(experiment, snapshot, learners, rounds),
        ...(options.stop && { stop: stop ? { ...stop.stop, ...stop.stopped } : null }),
      });
    else print(...asText(experiment, snapshot, learners, rounds, stop));
  });
}

async function readRounds(ledger: Ledger, experiment: bigint, { round: last }: Snapshot): Promise<RoundStatus[]> {
  const cast = await ledger.votes(experiment);
  const rounds: RoundStatus[] = [];
  for (let round = 1; round <= last; round++) {
    const votes = cast.filter((vote) => vote.round === round);
    rounds.push({ round, state: await ledger.round(experiment, round), votes });
  }
  return rounds;
}

/** When the experiment's manifest stops it, and after which round it did; null where it says nothing of that. */
async function readStop(ledger: Ledger, experiment: bigint, rounds: readonly RoundStatus[], options: StatusOptions) {
  return withSourceStore(options, async (store) => {
    const { peer: peers = [], fetchTimeout } = options;
    const request = { ledger, experiment, store, peers, timeoutMilliseconds: fetchTimeout * 1000 };
    const manifest = await readManifest(request).catch(explainMissing);
    const stop = stopOf(manifest);
    if (stop === undefined) return null;
    const { direction } = manifest.metric;
    const settled = rounds
      .filter(({ state }) => state.outcome !== "open")
      .map(({ state, votes }) => settle(state.outcome, votes, direction));
    return { stop, stopped: stopRound(stop, direction, settled) };
  });
}

type StopStatus = Awaited<ReturnType<typeof readStop>>;

function stopLines(stop: StopStatus | undefined): string[] {
  if (stop === undefined) return [];
  if (stop === null) return ["Its manifest stops it at no score, and after no number of rounds in vain."];
  return [stop.stopped ? `It ${describeStop(stop.stopped)}.` : "Its manifest may stop it early, and has not."];
}

function asJson(experiment: bigint, snapshot: Snapshot, learners: string[], rounds: RoundStatus[]) {
  const { status, phase, round, deadline, weights, weightsRound } = snapshot;
  return {
    experiment,
    status,
    round,
    rounds: snapshot.rounds,
    phase,
    deadline,
    weights: { contentId: formatContentId(weights), round: weightsRound },
    learners: learners.map((address, index) => ({ index, address, active: has(snapshot.active, index) })),
    history: rounds.map(({ round, state, votes }) => ({
      round,
      proposer: learners.indexOf(state.proposer),
      outcome: state.outcome,
      proposal: state.proposal ? formatContentId(state.proposal) : null,
      votes: learners.flatMap((address, learner) => {
        if (!has(state.voters, learner)) return [];
        const vote = votes.find(({ voter }) => voter === address);
        const { approve = null, transaction = null } = vote ?? {};
        const score = vote === undefined || Number.isNaN(vote.score) ? null : vote.score;
        return [{ learner, approve, score, sealed: has(state.seals, learner), transaction }];
      }),
    })),
  };
}

function asText(
  experiment: bigint,
  snapshot: Snapshot,
  learners: string[],
  rounds: RoundStatus[],
  stop?: StopStatus,
): string[] {
  const { round, weights, weightsRound, active } = snapshot;
  const awaited = { none: "", propose: "a proposal", vote: "votes", reveal: "votes to be revealed" }[snapshot.phase];
  const phase = awaited && `, waiting for ${awaited}`;
  return [
    `Experiment ${experiment} is ${paint.bold(snapshot.status)}: round ${round} of ${snapshot.rounds}${phase}.`,
    `Current weights: ${formatContentId(weights)} (${weightsRound === 0 ? "initial" : `of round ${weightsRound}`})`,
    ...stopLines(stop),
    "",
    ...learners.map((address, index) => `  learner ${index}  ${address}${has(active, index) ? "" : "  (not active)"}`),
    "",
    `  round  proposer  outcome   ${learners.map((_, index) => String(index).padStart(2)).join("")}   mean score`,
    ...rounds.map((status) => roundLine(status, learners)),
    "",
    "  ✓ approved  ✗ rejected  ■ sealed, not revealed  · did not vote  P proposed",
  ];
}

function roundLine({ round, state, votes }: RoundStatus, learners: string[]): string {
  const proposer = learners.indexOf(state.proposer);
  const marks = learners.map((_, index) => {
    if (index === proposer) return paint.bold(" P");
    if (has(state.approvals, index)) return paint.green(" ✓");
    if (has(state.rejections, index)) return paint.red(" ✗");
    if (has(state.seals, index)) return " ■";
    return has(state.voters, index) ? " ·" : "  ";
  });
  const scores = votes.map(({ score }) => score).filter((score) => !Number.isNaN(score));
  const mean = scores.length > 0 ? (scores.reduce((a, b) => a + b) / scores.length).toFixed(4) : "";
  const open = count(state.approvals | state.rejections);
  const outcome = state.outcome === "open" ? `open ${open}/${count(state.voters)}` : state.outcome;
  return `  ${String(round).padStart(5)}  ${String(proposer).padStart(8)}  ${outcome.padEnd(9)} ${marks.join("")}   ${mean}`;
}
