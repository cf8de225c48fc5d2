import { has, type CastVote, type Round } from "../ledger/types.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { NodeEvent } from "../node/events.ts";
import { meanTestScore, type Report, type RoundReport, type VoteReport } from "../report/report.ts";
import { formatContentId } from "../weights/content-id.ts";
import type { LiveExperiment } from "./live-experiment.ts";
import type { NodeProcess, TimedEvent } from "./node-process.ts";
import type { RoundNews } from "./options.ts";

/** When each round was seen to open and to settle, unix milliseconds; round 1 first. */
export type RoundTimes = { readonly opened: number; readonly settled: number }[];

type Scored = Extract<NodeEvent, { event: "voted" | "evaluated" | "synchronised" }>;

/** The report of a finished experiment: what happened from the chain, scores and times from what the nodes told. */
export async function buildReport(live: LiveExperiment, times: RoundTimes): Promise<Report> {
  const { options, ledger, experiment, chainId, nodes } = live;
  const addresses = await ledger.learners(experiment);
  const votes = await ledger.votes(experiment);
  const gas = await gasByRound(ledger, experiment);
  const rounds: RoundReport[] = [];
  for (const [at, time] of times.entries()) {
    const round = at + 1;
    const state = await ledger.round(experiment, round);
    rounds.push(describeRound({ round, state, addresses, votes, nodes, time, gasUsed: gas.get(round) ?? 0 }));
  }
  const { weights } = await ledger.snapshot(experiment);
  const initial = nodes.map((node) => scoresIn(node, 0, "synchronised"));
  const accepted = rounds.findLast(({ status }) => status === "accepted");
  const { name, direction } = options.task.metric;
  const backend = nodes.flatMap(({ events }) => events).find((told) => told.event === "ready")?.backend;
  return {
    task: options.task.name,
    driver: "ledger",
    seed: options.seed,
    backend: backend ?? options.backend,
    metric: { name, direction },
    chainId,
    contract: ledger.address,
    experimentId: Number(experiment),
    learners: addresses.map((address, index) => ({ index, address })),
    rounds,
    initial: { meanTestScore: meanTestScore(initial) },
    final: { weights: formatContentId(weights), meanTestScore: meanTestScore(accepted?.votes ?? initial) },
  };
}

/** One round while the experiment goes on. The nodes' scores may come a little later than the chain's news. */
export async function roundNews(
  { ledger, experiment, nodes }: LiveExperiment,
  times: RoundTimes,
  round: number,
): Promise<RoundNews> {
  const state = await ledger.round(experiment, round);
  const addresses = await ledger.learners(experiment);
  const votes = addresses.map((_, learner) => scoresIn(nodes[learner], round, "voted", "evaluated"));
  const { opened = 0, settled = 0 } = times[round - 1] ?? {};
  return {
    round,
    proposer: addresses.indexOf(state.proposer),
    status: statusOf(state),
    approvals: addresses.map((_, index) => approvalOf(state, index)),
    meanTestScore: meanTestScore(votes),
    milliseconds: settled - opened,
  };
}

/** Whether a node told its scores of a round's proposal. */
export function hasScored(node: NodeProcess, round: number): boolean {
  return node.events.some((told) => (told.event === "voted" || told.event === "evaluated") && told.round === round);
}

interface RoundSources {
  readonly round: number;
  readonly state: Round;
  readonly addresses: readonly string[];
  readonly votes: readonly CastVote[];
  readonly nodes: readonly NodeProcess[];
  readonly time: RoundTimes[number];
  readonly gasUsed: number;
}

function describeRound({ round, state, addresses, votes, nodes, time, gasUsed }: RoundSources): RoundReport {
  const proposer = addresses.indexOf(state.proposer);
  const proposed = find(nodes[proposer], (told) => told.event === "proposed" && told.round === round);
  const epsilon = proposed?.event === "proposed" ? proposed.epsilon : undefined;
  return {
    round,
    proposer,
    status: statusOf(state),
    ...(epsilon !== undefined && { epsilon }),
    weights: state.proposal ? formatContentId(state.proposal) : null,
    votes: addresses.map((address, learner): VoteReport => {
      const cast = votes.find((vote) => vote.round === round && vote.voter === address);
      return {
        learner,
        approve: approvalOf(state, learner),
        ...scoresIn(nodes[learner], round, "voted", "evaluated"),
        tx: cast?.transaction ?? null,
      };
    }),
    gasUsed,
    milliseconds: timeSplit(nodes, round, proposer, time.settled - time.opened),
  };
}

/** The round's critical path: the proposer's training and storing, the slowest voter's fetching and evaluating, the rest. */
function timeSplit(nodes: readonly NodeProcess[], round: number, proposer: number, total: number) {
  const proposed = find(nodes[proposer], (told) => told.event === "proposed" && told.round === round);
  const { train = 0, store = 0 } = proposed?.event === "proposed" ? proposed.milliseconds : {};
  let [fetch, evaluate] = [0, 0];
  for (const node of nodes) {
    const voted = find(node, (told) => told.event === "voted" && told.round === round);
    if (voted?.event !== "voted") continue;
    const spent = { fetch: voted.milliseconds.fetch ?? 0, evaluate: voted.milliseconds.evaluate ?? 0 };
    if (spent.fetch + spent.evaluate > fetch + evaluate) ({ fetch, evaluate } = spent);
  }
  const ledger = Math.max(0, total - train - store - fetch - evaluate);
  return { train, store, fetch, evaluate, ledger, total };
}

function find(node: NodeProcess | undefined, test: (told: TimedEvent) => boolean): TimedEvent | undefined {
  return node?.events.findLast(test);
}

function scoresIn(node: NodeProcess | undefined, round: number, ...events: readonly Scored["event"][]) {
  const scored = (told: TimedEvent): told is TimedEvent & Scored => (events as readonly string[]).includes(told.event);
  const told = find(node, (event) => scored(event) && event.round === round);
  return told && scored(told)
    ? { voteScore: told.voteScore, testScore: told.testScore }
    : { voteScore: null, testScore: null };
}

function statusOf({ outcome }: Round): RoundReport["status"] {
  return outcome === "open" ? "skipped" : outcome;
}

function approvalOf({ approvals, rejections }: Round, index: number): boolean | null {
  if (has(approvals, index)) return true;
  return has(rejections, index) ? false : null;
}

/** The gas of all transactions that did something in a round: proposal, votes, and the settlement in the last of them. */
async function gasByRound(ledger: Ledger, experiment: bigint): Promise<Map<number, number>> {
  const gas = new Map<number, number>();
  for (const [round, hashes] of await ledger.transactionsByRound(experiment)) {
    for (const hash of hashes) {
      const receipt = await ledger.provider.getTransactionReceipt(hash);
      gas.set(round, (gas.get(round) ?? 0) + Number(receipt?.gasUsed ?? 0n));
    }
  }
  return gas;
}
