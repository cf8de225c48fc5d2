import { setTimeout as sleep } from "node:timers/promises";

import type { TypedDataDomain } from "ethers";
import type { Logger } from "pino";

import { RevertError } from "../../ledger/errors.ts";
import { isSignedByKey, type SignedVote } from "../../ledger/signed-vote.ts";
import type { Transactor } from "../../ledger/transactor.ts";
import { has, type ExperimentConfig, type Snapshot } from "../../ledger/types.ts";
import { formatContentId, type ContentId } from "../../weights/content-id.ts";
import { missing, sendAt, type HeldVote } from "./batch.ts";
import type { Answer } from "./protocol.ts";
import { indexOfVoter, type Refusal } from "./votes.ts";

/** What a relay works with. */
export interface RelayContext {
  readonly experiment: bigint;
  readonly transactor: Transactor;
  readonly config: Pick<ExperimentConfig, "ballot" | "voteWindow" | "approvalBps" | "earlyDecision">;
  /** Whether it relays for everybody, or takes only votes on its own proposals. */
  readonly forAll: boolean;
  readonly log: Logger;
}

/** The gas that a contract may take to say whether it signed a vote: whoever sends the batch pays for it. */
const MAX_CONTRACT_VOTE_GAS = 500_000n;
/** While votes are held, the ledger is looked at this often, or as often as its endpoint is polled. */
const LEAST_INTERVAL_MILLISECONDS = 250;
/** After a failure, later. */
const FAILURE_MILLISECONDS = 2_000;

interface Held extends HeldVote {
  readonly signed: SignedVote;
}

/**
 * Collects signed votes on the open round's proposal and sends them together. What it holds is bounded: one vote a voter,
 * of one round.
 */
export class Collector {
  readonly #context: RelayContext;
  readonly #held = new Map<number, Held>();
  #ballot: { readonly round: number; readonly proposal: ContentId } | undefined;
  #learners: readonly string[] = [];
  #domain: TypedDataDomain | undefined;
  #running: Promise<void> | undefined;
  #wake = new AbortController();
  #stopped = false;

  constructor(context: RelayContext) {
    this.#context = context;
  }

  /** Checks a vote and remembers it, or says why not. The same vote may come again. */
  async take(vote: SignedVote): Promise<Answer> {
    const { experiment, transactor, config, forAll, log } = this.#context;
    const { ledger } = transactor;
    if (config.ballot === "sealed") return refused({ code: "sealed", reason: "ballots are sealed in this experiment" });
    const snapshot = await ledger.snapshot(experiment, transactor.address);
    if (snapshot.learnerCount !== this.#learners.length) this.#learners = await ledger.learners(experiment);
    const proposer = forAll ? undefined : transactor.address;
    const before = this.#isCurrent(snapshot) ? this.#signed() : new Map<number, SignedVote>();
    const index = indexOfVoter(vote, { experiment, snapshot, learners: this.#learners, held: before, proposer });
    if (typeof index !== "number") return refused(index);
    if (before.has(index)) return { status: "accepted" };
    const refusal = await this.#refuseSignature(vote, snapshot);
    if (refusal) return refused(refusal);
    if (!(await transactor.canPay())) return refused({ code: "no-funds", reason: "this relay cannot pay" });
    const at = await ledger.now();

    // Nothing is awaited from here on: other votes may have come in meanwhile.
    if (!this.#isCurrent(snapshot)) {
      if (this.#ballot && this.#ballot.round > snapshot.round) {
        return refused({ code: "not-open", reason: `round ${snapshot.round} takes no votes` });
      }
      this.#held.clear();
      this.#ballot = snapshot.proposal && { round: snapshot.round, proposal: snapshot.proposal };
    }
    if (!this.#held.has(index)) this.#held.set(index, { index, approve: vote.approve, at, signed: vote });
    log.info({ round: vote.round, voter: vote.voter, held: this.#held.size }, "holding a vote");
    this.#start();
    return { status: "accepted" };
  }

  /** Sends what is held, where it still counts, and takes no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake.abort();
    await this.#running;
    if (this.#held.size > 0) await this.#send(true).catch(() => undefined);
  }

  /** A key's signature is checked here, a contract's by asking the ledger what it would do. */
  async #refuseSignature(vote: SignedVote, { proposal, round }: Snapshot): Promise<Refusal | undefined> {
    const { experiment, transactor } = this.#context;
    const { ledger } = transactor;
    this.#domain ??= await ledger.domain();
    if (isSignedByKey(this.#domain, vote)) return undefined;
    const refusal = { code: "signature", reason: `${vote.voter} did not sign this vote` };
    if (proposal === undefined || (await ledger.provider.getCode(vote.voter)) === "0x") return refusal;
    try {
      const gas = await transactor.estimateVotes(experiment, round, proposal, [vote]);
      if (gas <= MAX_CONTRACT_VOTE_GAS) return undefined;
      return { code: "gas", reason: `checking the contract's signature takes ${gas} gas with the vote` };
    } catch (error) {
      if (error instanceof RevertError) return refusal;
      throw error;
    }
  }

  #isCurrent({ round, proposal }: Snapshot): boolean {
    return this.#ballot?.round === round && this.#ballot.proposal.digest === proposal?.digest;
  }

  #signed(): Map<number, SignedVote> {
    return new Map([...this.#held].map(([index, { signed }]) => [index, signed]));
  }

  #start(): void {
    this.#wake.abort();
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    const { transactor, log } = this.#context;
    const interval = Math.max(transactor.ledger.provider.pollingInterval, LEAST_INTERVAL_MILLISECONDS);
    while (this.#held.size > 0 && !this.#stopped) {
      this.#wake = new AbortController();
      let pause = interval;
      try {
        await this.#send(false);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.warn({ reason }, "the votes were not sent; trying again");
        pause = Math.max(interval, FAILURE_MILLISECONDS);
      }
      if (this.#held.size > 0) await sleep(pause, undefined, { signal: this.#wake.signal }).catch(() => undefined);
    }
    // At once, and not when the promise is settled: a vote may come in between.
    this.#running = undefined;
  }

  /** Sends the votes that are held, if it is time or `now` says so, and forgets what does not count any more. */
  async #send(now: boolean): Promise<void> {
    const { experiment, transactor, config, log } = this.#context;
    const { ledger } = transactor;
    const snapshot = await ledger.snapshot(experiment, transactor.address);
    const { round, proposal, phase, proposer, deadline } = snapshot;
    if (!this.#isCurrent(snapshot) || phase !== "vote" || proposal === undefined) {
      this.#held.clear();
      return;
    }
    for (const index of this.#held.keys()) if (!has(missing(snapshot), index)) this.#held.delete(index);
    const held = [...this.#held.values()];
    const isFirst = proposer === transactor.address || proposer === undefined || !(await transactor.canPay(proposer));
    const [due, time] = [sendAt(snapshot, config, held, isFirst), await ledger.now()];
    if (due === undefined || time > deadline) {
      this.#held.clear();
      return;
    }
    if (!now && time < due) return;
    const votes = held.map(({ signed }) => signed);
    const { hash } = await transactor.castVotes(experiment, round, proposal, votes);
    log.info({ round, weights: formatContentId(proposal), votes: votes.length, transaction: hash }, "sent the votes");
    for (const { index } of held) this.#held.delete(index);
  }
}

export function refused({ code, reason }: Refusal): Answer {
  return { status: "refused", code, reason };
}
