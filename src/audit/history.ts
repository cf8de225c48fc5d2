/** All that a contract logged of an experiment, with the time of its blocks and the transactions that made it do so. */
import type { Log, LogDescription } from "ethers";

import { ColearnError } from "../errors.ts";
import { configOf, contentId, member, type RawConfig } from "../ledger/decode.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { queryLogs, topicsOf } from "../ledger/logs.ts";
import { outcomes, type ExperimentConfig, type Outcome } from "../ledger/types.ts";
import type { ContentId } from "../weights/content-id.ts";
import { callIn, type SentTransaction } from "./calls.ts";

/** Where in the chain an event is. */
export interface Place {
  readonly block: number;
  /** The block's time, unix seconds. */
  readonly time: number;
  /** The log's number in its block. */
  readonly logIndex: number;
  readonly transaction: string;
}

/** What each event tells: `contracts/ICollectiveLearning.sol` has their meanings. Scores are in millionths. */
export interface Told {
  readonly ExperimentCreated: { readonly coordinator: string; readonly config: ExperimentConfig };
  readonly Invited: { readonly learner: string };
  /** `link` is not in the log but in the transaction: none where that came through another contract. */
  readonly Joined: { readonly learner: string; readonly index: number; readonly link?: string | undefined };
  readonly ContactUpdated: { readonly learner: string };
  readonly Left: { readonly learner: string };
  readonly Suspended: { readonly round: number; readonly learner: string };
  readonly Resumed: { readonly learner: string };
  readonly Started: { readonly learners: number };
  readonly Cancelled: object;
  readonly RoundOpened: {
    readonly round: number;
    readonly proposer: string;
    readonly voters: bigint;
    readonly deadline: number;
  };
  readonly Proposed: {
    readonly round: number;
    readonly proposer: string;
    readonly proposal: ContentId;
    readonly deadline: number;
  };
  readonly Voted: {
    readonly round: number;
    readonly voter: string;
    readonly approve: boolean;
    readonly score: bigint;
  };
  readonly VotesCast: {
    readonly round: number;
    readonly approvals: bigint;
    readonly voters: readonly string[];
    readonly scores: readonly bigint[];
  };
  readonly VoteSealed: { readonly round: number; readonly voter: string; readonly commitment: string };
  readonly RevealOpened: { readonly round: number; readonly seals: bigint; readonly deadline: number };
  readonly SeedMixed: { readonly round: number; readonly entropy: string; readonly seed: string };
  readonly RoundSettled: {
    readonly round: number;
    readonly outcome: Outcome;
    readonly approvals: number;
    readonly rejections: number;
    readonly voters: number;
  };
  readonly Paused: { readonly deadline: number };
  readonly Completed: { readonly weights: ContentId; readonly weightsRound: number };
}

export type EventName = keyof Told;
/** One event, whose name tells what is in it. */
export type LedgerEvent = { [Name in EventName]: Place & { readonly name: Name } & Told[Name] }[EventName];
export type EventOf<Name extends EventName> = Extract<LedgerEvent, { readonly name: Name }>;

export interface History {
  /** In the order of the chain. */
  readonly events: readonly LedgerEvent[];
  /** By hash. */
  readonly transactions: ReadonlyMap<string, SentTransaction>;
}

/** All arguments of all events, as ethers decodes them. */
interface Args {
  readonly coordinator: string;
  readonly config: RawConfig;
  readonly learner: string;
  readonly index: bigint;
  readonly learners: bigint;
  readonly round: bigint;
  readonly proposer: string;
  /** A number, a set, or a list of addresses. */
  readonly voters: unknown;
  readonly deadline: bigint;
  readonly digest: string;
  readonly codec: bigint;
  readonly voter: string;
  readonly approve: boolean;
  readonly score: bigint;
  readonly approvals: bigint;
  readonly rejections: bigint;
  readonly scores: readonly bigint[];
  readonly commitment: string;
  readonly seals: bigint;
  readonly entropy: string;
  readonly seed: string;
  readonly outcome: bigint;
  readonly weightsRound: bigint;
}

/** How each event's arguments become this project's words. */
const readers: { readonly [Name in EventName]: (args: Args) => Told[Name] } = {
  ExperimentCreated: ({ coordinator, config }) => ({ coordinator, config: configOf(config) }),
  Invited: ({ learner }) => ({ learner }),
  Joined: ({ learner, index }) => ({ learner, index: Number(index) }),
  ContactUpdated: ({ learner }) => ({ learner }),
  Left: ({ learner }) => ({ learner }),
  Suspended: ({ round, learner }) => ({ round: Number(round), learner }),
  Resumed: ({ learner }) => ({ learner }),
  Started: ({ learners }) => ({ learners: Number(learners) }),
  Cancelled: () => ({}),
  RoundOpened: ({ round, proposer, voters, deadline }) => ({
    round: Number(round),
    proposer,
    voters: voters as bigint,
    deadline: Number(deadline),
  }),
  Proposed: ({ round, proposer, digest, codec, deadline }) => ({
    round: Number(round),
    proposer,
    proposal: contentId({ digest, codec }),
    deadline: Number(deadline),
  }),
  Voted: ({ round, voter, approve, score }) => ({ round: Number(round), voter, approve, score }),
  VotesCast: ({ round, approvals, voters, scores }) => ({
    round: Number(round),
    approvals,
    voters: [...(voters as string[])],
    scores: [...scores],
  }),
  VoteSealed: ({ round, voter, commitment }) => ({ round: Number(round), voter, commitment }),
  RevealOpened: ({ round, seals, deadline }) => ({ round: Number(round), seals, deadline: Number(deadline) }),
  SeedMixed: ({ round, entropy, seed }) => ({ round: Number(round), entropy, seed }),
  RoundSettled: ({ round, outcome, approvals, rejections, voters }) => ({
    round: Number(round),
    outcome: member(outcomes, outcome),
    approvals: Number(approvals),
    rejections: Number(rejections),
    voters: Number(voters),
  }),
  Paused: ({ deadline }) => ({ deadline: Number(deadline) }),
  Completed: ({ digest, codec, weightsRound }) => ({
    weights: contentId({ digest, codec }),
    weightsRound: Number(weightsRound),
  }),
};

/** What is asked for at once: an endpoint takes that many questions in a few requests. */
const AT_ONCE = 500;

/** The results of a question asked of each, in their order, many at once and not all at once. */
export async function inPortions<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    answers.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(ask))));
  }
  return answers;
}

/**
 * Reads an experiment's history up to a block.
 * @throws ColearnError `history` where the endpoint has no longer, or not yet, what a part of it is in
 */
export async function readHistory(
  ledger: Ledger,
  experiment: bigint,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<History> {
  const { provider, address } = ledger;
  const topics = topicsOf(ledger.interface, Object.keys(readers), experiment);
  const logs = (await queryLogs(provider, { address, topics, fromBlock: from })).filter(
    ({ blockNumber }) => blockNumber <= to,
  );
  const times = new Map(
    await inPortions([...new Set(logs.map(({ blockNumber }) => blockNumber))], async (number) => {
      const block = await provider.getBlock(number);
      if (block === null) throw missing(`block ${number}`);
      return [number, block.timestamp] as const;
    }),
  );
  const transactions = new Map(
    await inPortions([...new Set(logs.map(({ transactionHash }) => transactionHash))], async (hash) => {
      const sent = await provider.getTransaction(hash);
      if (sent === null) throw missing(`transaction ${hash}`);
      return [hash, { from: sent.from, to: sent.to ?? undefined, data: sent.data }] as const;
    }),
  );
  const events = logs.flatMap((log): LedgerEvent[] => {
    const parsed = ledger.interface.parseLog(log);
    if (parsed === null) return [];
    const event = readEvent(log, parsed, times.get(log.blockNumber) ?? 0);
    if (event.name !== "Joined") return [event];
    const call = callIn(transactions.get(log.transactionHash), ledger);
    return [{ ...event, link: call?.name === "join" ? String(call.args.link) : undefined }];
  });
  return { events, transactions };
}

function readEvent(log: Log, { name, args }: LogDescription, time: number): LedgerEvent {
  const place = { block: log.blockNumber, time, logIndex: log.index, transaction: log.transactionHash };
  return { name, ...place, ...readers[name as EventName](args as unknown as Args) } as LedgerEvent;
}

function missing(what: string): ColearnError {
  return new ColearnError("history", `the endpoint does not give ${what}`, {
    remedy: "give an endpoint that serves all blocks with --rpc",
  });
}
