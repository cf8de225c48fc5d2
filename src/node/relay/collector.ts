import { setTimeout as sleep } from "node:timers/promises";

import type { TypedDataDomain } from "ethers";
import type { Logger } from "pino";

import { reasonOf, RevertError } from "../../ledger/errors.ts";
import { isSignedByKey, type SignedVote } from "../../ledger/signed-vote.ts";
import type { Transactor } from "../../ledger/transactor.ts";
import { has, type ExperimentConfig, type Snapshot } from "../../ledger/types.ts";
import { formatContentId, type ContentId } from "../../weights/content-id.ts";
import { missing, sendAt, type HeldVote } from "./batch.ts";
import type { Answer } from "./protocol.ts";
import { indexOfVoter, mayOpen, refuseExperiment, type Refusal } from "./votes.ts";

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
/** Votes of contracts in one batch: each may take the gas above, and a transaction has its limits. */
const MAX_CONTRACT_VOTES = 8;
/** After so many batches of a round that were mined and failed, no more are sent. */
const MAX_FAILURES = 3;
/** A look at the ledger serves all requests for this long. */
const SNAPSHOT_MILLISECONDS = 1_000;
/** While votes are held, the ledger is looked at this often, or as often as its endpoint is polled. */
const LEAST_INTERVAL_MILLISECONDS = 250;
/** After a failure, later. */
const FAILURE_MILLISECONDS = 2_000;

interface Held extends HeldVote {
  readonly signed: SignedVote;
  /** Whether a contract is to say that it signed. It may say so now and not when it counts. */
  readonly byContract: boolean;
}

/** The round's proposal, and how sending votes on it went. */
interface Ballot {
  readonly round: number;
  readonly proposal: ContentId;
  /** Batches that were mined and failed. */
  failures: number;
  /** No contract is trusted any more. */
  keysOnly: boolean;
}

/**
 * Collects signed votes on the open round's proposal and sends them together. What it holds is bounded: one vote a voter,
 * of one round.
 */
export class Collector {
  readonly #context: RelayContext;
  readonly #held = new Map<number, Held>();
  /** Contracts whose votes did not count when they were mined. */
  readonly #liars = new Set<string>();
  #ballot: Ballot | undefined;
  #learners: readonly string[] = [];
  #seen: { readonly snapshot: Promise<Snapshot>; readonly at: number } | undefined;
  #domain: TypedDataDomain | undefined;
  #running: Promise<void> | undefined;
  #wake = new AbortController();
  #stopped = false;

  constructor(context: RelayContext) {
    this.#context = context;
  }

  /** Checks a vote and remembers it, or says why not. The same vote may come again. What costs nothing is checked first. */
  async take(vote: SignedVote): Promise<Answer> {
    const { experiment, transactor, config, log } = this.#context;
    const { ledger } = transactor;
    if (config.ballot === "sealed") return refused({ code: "sealed", reason: "ballots are sealed in this experiment" });
    const foreign = refuseExperiment(vote, experiment);
    if (foreign) return refused(foreign);
    this.#domain ??= await ledger.domain();
    const byContract = !isSignedByKey(this.#domain, vote);
    let snapshot = await this.#look(SNAPSHOT_MILLISECONDS);
    let index = await this.#indexOf(vote, snapshot);
    // A learner's own signature is worth another look; a stranger's, or an old vote's, costs nothing to make.
    if (
      typeof index !== "number" &&
      mayOpen(vote, index, snapshot) &&
      !byContract &&
      this.#learners.includes(vote.voter)
    ) {
      snapshot = await this.#look(0);
      index = await this.#indexOf(vote, snapshot);
    }
    if (typeof index !== "number") return refused(index);
    if (this.#heldOf(snapshot).has(index)) return { status: "accepted" };
    const refusal = this.#refuseFailed(vote, snapshot, byContract) ?? (byContract && (await this.#ask(vote, snapshot)));
    if (refusal) return refused(refusal);
    if (!(await transactor.canPay())) return refused({ code: "no-funds", reason: "this relay cannot pay" });
    const at = await ledger.now();

    // Nothing is awaited from here on: other votes may have come in meanwhile.
    if (!this.#isCurrent(snapshot)) {
      const { round, proposal } = snapshot;
      if (proposal === undefined || (this.#ballot && this.#ballot.round > round)) {
        return refused({ code: "not-open", reason: `round ${round} takes no votes` });
      }
      this.#held.clear();
      this.#ballot = { round, proposal, failures: 0, keysOnly: false };
    }
    const late = this.#refuseFailed(vote, snapshot, byContract);
    if (late) return refused(late);
    if (!this.#held.has(index)) this.#held.set(index, { index, approve: vote.approve, at, signed: vote, byContract });
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

  /** The ledger's state, at most so many milliseconds old. */
  async #look(age: number): Promise<Snapshot> {
    const { experiment, transactor } = this.#context;
    const now = performance.now();
    if (this.#seen === undefined || now - this.#seen.at >= age) {
      const seen = { snapshot: transactor.ledger.snapshot(experiment, transactor.address), at: now };
      this.#seen = seen;
      seen.snapshot.catch(() => {
        // Who asks next looks again.
        if (this.#seen === seen) this.#seen = undefined;
      });
    }
    return this.#seen.snapshot;
  }

  async #indexOf(vote: SignedVote, snapshot: Snapshot): Promise<number | Refusal> {
    const { experiment, transactor, forAll } = this.#context;
    if (snapshot.learnerCount !== this.#learners.length) {
      this.#learners = await transactor.ledger.learners(experiment);
    }
    const proposer = forAll ? undefined : transactor.address;
    return indexOfVoter(vote, {
      experiment,
      snapshot,
      learners: this.#learners,
      held: this.#heldOf(snapshot),
      proposer,
    });
  }

  /** What earlier batches had to teach. */
  #refuseFailed({ voter }: SignedVote, snapshot: Snapshot, byContract: boolean): Refusal | undefined {
    const { failures, keysOnly } = this.#isCurrent(snapshot) && this.#ballot ? this.#ballot : UNTRIED;
    if (failures >= MAX_FAILURES) return { code: "failed", reason: `${failures} transactions of this round failed` };
    if (!byContract) return undefined;
    if (this.#liars.has(voter)) return { code: "liar", reason: `${voter} did not sign a vote that it had signed` };
    return keysOnly ? { code: "keys-only", reason: "this relay takes votes of keys only in this round" } : undefined;
  }

  /** Asks the ledger what a contract would do. */
  async #ask(vote: SignedVote, { proposal, round }: Snapshot): Promise<Refusal | undefined> {
    const { experiment, transactor } = this.#context;
    const refusal = { code: "signature", reason: `${vote.voter} did not sign this vote` };
    if (proposal === undefined || (await transactor.ledger.provider.getCode(vote.voter)) === "0x") return refusal;
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

  #heldOf(snapshot: Snapshot): Map<number, SignedVote> {
    if (!this.#isCurrent(snapshot)) return new Map();
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
        log.warn({ reason: reasonOf(error) }, "the votes were not sent; trying again");
        pause = Math.max(interval, FAILURE_MILLISECONDS);
      }
      if (this.#held.size > 0) await sleep(pause, undefined, { signal: this.#wake.signal }).catch(() => undefined);
    }
    // At once, and not when the promise is settled: a vote may come in between.
    this.#running = undefined;
  }

  /** Sends the votes that are held, if it is time or `now` says so, and forgets what does not count any more. */
  async #send(now: boolean): Promise<void> {
    const { transactor, config } = this.#context;
    const { ledger } = transactor;
    const snapshot = await this.#look(0);
    const { phase, proposer, deadline } = snapshot;
    const ballot = this.#ballot;
    if (!this.#isCurrent(snapshot) || phase !== "vote" || ballot === undefined) {
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
    const contracts = held.filter(({ byContract }) => byContract).slice(0, MAX_CONTRACT_VOTES);
    await this.#sendBatch(ballot, [...held.filter(({ byContract }) => !byContract), ...contracts]);
  }

  async #sendBatch(ballot: Ballot, batch: readonly Held[]): Promise<void> {
    const { experiment, transactor, log } = this.#context;
    const { round, proposal } = ballot;
    const contracts = batch.filter(({ byContract }) => byContract);
    const votes = batch.map(({ signed }) => signed);
    const { hash, status } = await transactor.castVotes(experiment, round, proposal, votes).catch((error: unknown) => {
      // It cost nothing, but the contracts may be why.
      if (error instanceof RevertError && contracts.length > 0) this.#dropContracts(ballot);
      throw error;
    });
    if (status === 1) {
      log.info({ round, weights: formatContentId(proposal), votes: votes.length, transaction: hash }, "sent the votes");
    } else {
      ballot.failures++;
      log.warn({ round, votes: votes.length, transaction: hash, failures: ballot.failures }, "the votes failed");
      this.#dropContracts(ballot);
    }
    const isOver = status === 1 || ballot.failures >= MAX_FAILURES;
    // Votes of a later round may have come in meanwhile.
    if (isOver && this.#ballot === ballot) for (const { index } of batch) this.#held.delete(index);
    if (status === 1 && contracts.length > 0) await this.#findLiars(round, contracts);
  }

  /** Contracts that said in the check that they signed, and not when it counted. */
  async #findLiars(round: number, contracts: readonly Held[]): Promise<void> {
    const { experiment, transactor } = this.#context;
    const { approvals, rejections } = await transactor.ledger.round(experiment, round);
    for (const { index, signed } of contracts) {
      if (!has(approvals | rejections, index)) this.#liars.add(signed.voter);
    }
  }

  /** What contracts say is not asked again in this round. */
  #dropContracts(ballot: Ballot): void {
    ballot.keysOnly = true;
    if (this.#ballot !== ballot) return;
    for (const { index, byContract } of this.#held.values()) if (byContract) this.#held.delete(index);
  }
}

const UNTRIED = { failures: 0, keysOnly: false };

export function refused({ code, reason }: Refusal): Answer {
  return { status: "refused", code, reason };
}
