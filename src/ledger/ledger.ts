import {
  Contract,
  getAddress,
  Interface,
  ZeroAddress,
  ZeroHash,
  type EventLog,
  type Log,
  type Result,
  type TypedDataDomain,
} from "ethers";

import { UserError } from "../errors.ts";
import type { Provider } from "./connect.ts";
import { configOf, contentId, contentIdOrNone, member, type RawConfig, type RawContentId } from "./decode.ts";
import { explain } from "./errors.ts";
import { abi } from "./generated/abi.ts";
import { queryLogs, topicsOf } from "./logs.ts";
import { fromScore } from "./score.ts";
import { domainOf } from "./signed-vote.ts";
import {
  has,
  outcomes,
  phases,
  statuses,
  type CastVote,
  type Experiment,
  type Learner,
  type Round,
  type Snapshot,
} from "./types.ts";

/** A contact as a learner announced it last: untrusted text of at most 1 KiB. */
export interface AnnouncedContact {
  readonly learner: string;
  readonly contact: string;
}

/** Blocks that are looked at for the transaction that did something: it is told, and not worth long queries. */
const RECENT_BLOCKS = 10_000;

/** Reads one deployed contract. Nothing here signs or sends. */
export class Ledger {
  readonly address: string;
  readonly provider: Provider;
  readonly interface = new Interface(abi);
  readonly #contract: Contract;
  readonly #block: number | undefined;

  /** @param block read what was so after this block; the latest one where left out */
  constructor(provider: Provider, address: string, block?: number) {
    this.provider = provider;
    this.#block = block;
    this.address = getAddress(address);
    this.#contract = new Contract(this.address, this.interface, provider);
  }

  /** The experiment as it stands, seen by `learner`: all that is needed to decide what to do next. */
  async snapshot(experiment: bigint, learner: string = ZeroAddress): Promise<Snapshot> {
    const raw = (await this.#read("snapshot", experiment, learner)) as Record<string, bigint> & {
      weights: RawContentId;
      proposal: RawContentId;
      proposer: string;
      member: boolean;
      invited: boolean;
    };
    const number = (field: string) => Number(raw[field]);
    return {
      status: member(statuses, raw.status ?? 0n),
      phase: member(phases, raw.phase ?? 0n),
      round: number("round"),
      rounds: number("rounds"),
      deadline: number("deadline"),
      weights: contentId(raw.weights),
      weightsRound: number("weightsRound"),
      proposer: raw.proposer === ZeroAddress ? undefined : raw.proposer,
      proposal: contentIdOrNone(raw.proposal),
      voters: raw.voters ?? 0n,
      approvals: raw.approvals ?? 0n,
      rejections: raw.rejections ?? 0n,
      seals: raw.seals ?? 0n,
      active: raw.active ?? 0n,
      learnerCount: number("learnerCount"),
      index: raw.member ? number("index") : undefined,
      invited: raw.invited,
      timestamp: number("timestamp"),
      blockNumber: number("blockNumber"),
    };
  }

  /**
   * An experiment's coordinator and config.
   * @throws RevertError `UnknownExperiment`
   */
  async experiment(experiment: bigint): Promise<Experiment> {
    const [coordinator, createdBlock, raw] = (await this.#read("getExperiment", experiment)) as [
      string,
      bigint,
      RawConfig,
    ];
    return { coordinator, createdBlock: Number(createdBlock), config: configOf(raw) };
  }

  async experimentCount(): Promise<number> {
    return Number(await this.#read("experimentCount"));
  }

  /** All learners who ever joined, by index. */
  async learners(experiment: bigint): Promise<string[]> {
    return [...((await this.#read("getLearners", experiment)) as string[])];
  }

  /** A round of the past, or the open one. Round 0 stands for the initial weights. */
  async round(experiment: bigint, round: number): Promise<Round> {
    const raw = (await this.#read("getRound", experiment, round)) as Record<string, bigint> & {
      proposer: string;
      proposal: RawContentId;
    };
    return {
      outcome: member(outcomes, raw.outcome ?? 0n),
      proposer: raw.proposer,
      proposal: contentIdOrNone(raw.proposal),
      deadline: Number(raw.deadline),
      voters: raw.voters ?? 0n,
      approvals: raw.approvals ?? 0n,
      rejections: raw.rejections ?? 0n,
      seals: raw.seals ?? 0n,
    };
  }

  /** What the ledger knows of a learner, or of anybody else. */
  async learner(experiment: bigint, learner: string): Promise<Learner> {
    const raw = (await this.#read("getLearner", experiment, learner)) as {
      member: boolean;
      index: bigint;
      active: boolean;
      struck: boolean;
      suspensions: bigint;
      link: string;
    };
    return {
      index: raw.member ? Number(raw.index) : undefined,
      active: raw.active,
      struck: raw.struck,
      suspensions: Number(raw.suspensions),
      link: raw.link === ZeroHash ? undefined : raw.link,
    };
  }

  /** The next nonce for a call that `learner` signs and somebody else sends. */
  async nonce(learner: string): Promise<bigint> {
    return (await this.#read("nonces", learner)) as bigint;
  }

  /** What each learner announced last, in the order of joining, from a block on. Untrusted: check before use. */
  async contacts(experiment: bigint, fromBlock?: number): Promise<AnnouncedContact[]> {
    const latest = new Map<string, string>();
    for (const log of await this.#events(experiment, ["Joined", "ContactUpdated"], fromBlock)) {
      latest.set(String(log.args.learner), textOf(log));
    }
    return [...latest].map(([learner, contact]) => ({ learner, contact }));
  }

  /** All votes of an experiment, in the order of the chain, from a block on. */
  async votes(experiment: bigint, fromBlock?: number): Promise<CastVote[]> {
    return (await this.#events(experiment, ["Voted", "VotesCast"], fromBlock)).flatMap(
      ({ args, transactionHash: transaction }) => {
        const round = Number(args.round);
        if (args.voters === undefined) {
          const score = fromScore(args.score as bigint);
          return [{ round, voter: String(args.voter), approve: Boolean(args.approve), score, transaction }];
        }
        const scores = [...(args.scores as bigint[])];
        return [...(args.voters as string[])].map((voter, place) => ({
          round,
          voter,
          approve: has(args.approvals as bigint, place),
          score: fromScore(scores[place] ?? 0n),
          transaction,
        }));
      },
    );
  }

  /** Hashes of the transactions that did something in each round, in the order of the chain, by round. */
  async transactionsByRound(experiment: bigint): Promise<Map<number, string[]>> {
    const byRound = new Map<number, Set<string>>();
    const steps = ["Proposed", "Voted", "VotesCast", "VoteSealed", "RevealOpened", "RoundSettled"];
    for (const { args, transactionHash } of await this.#events(experiment, steps)) {
      const round = Number(args.round);
      byRound.set(round, (byRound.get(round) ?? new Set()).add(transactionHash));
    }
    return new Map([...byRound].map(([round, hashes]) => [round, [...hashes]]));
  }

  /** The hash of the last recent transaction with one of these events that matches. */
  async lastTransaction(
    experiment: bigint,
    names: readonly string[],
    matches: (args: Result) => boolean,
  ): Promise<string | undefined> {
    const from = Math.max(0, (await this.provider.getBlockNumber()) - RECENT_BLOCKS);
    const events = await this.#events(experiment, names, from);
    return events.findLast(({ args }) => matches(args))?.transactionHash;
  }

  /** What signatures (EIP-712) for this contract on this chain are bound to. */
  async domain(): Promise<TypedDataDomain> {
    return domainOf((await this.provider.getNetwork()).chainId, this.address);
  }

  /** What tells this chain from every other: its id and its first block. */
  async chain(): Promise<string> {
    const [{ chainId }, genesis] = await Promise.all([this.provider.getNetwork(), this.provider.getBlock(0)]);
    if (!genesis?.hash) {
      // Under another name the journal would be an empty one.
      throw new UserError("first-block", "the endpoint does not know the chain's first block", {
        remedy: "give an endpoint that serves all blocks with --rpc",
      });
    }
    return `${chainId}:${genesis.hash}`;
  }

  /** The time that the chain would give a block now, unix seconds: where it mines on demand, its last block is older. */
  async now(): Promise<number> {
    const pending = await this.provider.getBlock("pending").catch(() => null);
    return (pending ?? (await this.provider.getBlock("latest")))?.timestamp ?? Math.floor(Date.now() / 1000);
  }

  async #read(method: string, ...args: readonly unknown[]): Promise<unknown> {
    try {
      return await this.#contract.getFunction(method).staticCall(...args, { blockTag: this.#block ?? "latest" });
    } catch (error) {
      throw explain(error, `read ${method}`, this.interface);
    }
  }

  async #events(experiment: bigint, names: readonly string[], from?: number): Promise<EventLog[]> {
    const topics = topicsOf(this.interface, names, experiment);
    const fromBlock = from ?? (await this.experiment(experiment)).createdBlock;
    const logs = await queryLogs(this.provider, { address: this.address, topics, fromBlock });
    return logs.flatMap((log) => this.#parse(log));
  }

  #parse(log: Log): EventLog[] {
    const parsed = this.interface.parseLog(log);
    return parsed === null ? [] : [Object.assign(Object.create(log) as EventLog, { args: parsed.args })];
  }
}

/** The contact in a log; empty where its bytes are no text (UTF-8): ethers throws when such a value is looked at. */
function textOf({ args }: EventLog): string {
  try {
    return String(args.contact);
  } catch {
    return "";
  }
}

/** Whether a learner is to vote, and has neither voted nor sealed its vote. */
export function owesVote({ voters, approvals, rejections, seals }: Snapshot, index: number): boolean {
  return has(voters & ~(approvals | rejections | seals), index);
}
