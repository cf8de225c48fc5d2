import { setTimeout as sleep } from "node:timers/promises";

import { ColearnError, UserError } from "../errors.ts";
import { RevertError } from "../ledger/errors.ts";
import { isBudgetSpent } from "../learning/privacy/budget.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { isFinal, lastSettled, type Experiment, type Snapshot } from "../ledger/types.ts";
import { formatContentId, type ContentId } from "../weights/content-id.ts";
import { encodeContact } from "./contact.ts";
import { describeStop, stopRound } from "./checkpoints.ts";
import type { Context } from "./context.ts";
import { unknownPart } from "./behind.ts";
import { decide, type Action } from "./decide.ts";
import { propose } from "./duties/propose.ts";
import { reveal } from "./duties/reveal.ts";
import { synchronise } from "./duties/synchronise.ts";
import { vote } from "./duties/vote.ts";
import { History } from "./history.ts";
import { Retention } from "./retention.ts";

/** After a failure the node looks again later, at most this much. */
const MAX_BACKOFF_MILLISECONDS = 15_000;
/** A node that waits looks again at least this often, whatever it waits for. */
const MAX_WAIT_SECONDS = 15;

/** Mistakes of the operator's that mend themselves, or that the operator can mend while the node runs. */
const PASSING = new Set(["no-funds", "rpc"]);

/** What the contract says of an action that was overtaken: the round went on, or the action was done before. */
const OVERTAKEN = new Set([
  "WrongRound",
  "WrongPhase",
  "WrongStatus",
  "DeadlinePassed",
  "RoundClosed",
  "AlreadyVoted",
  "NotSealed",
  "AlreadyJoined",
  "AlreadyActive",
  "NotActive",
  "TooEarly",
]);

/** One learner's node: reads the ledger, decides, acts, until the experiment ends or it is told to stop. */
export class LearnerNode {
  readonly #context: Context;
  readonly #ledger: Ledger;
  readonly #experiment: Experiment;
  readonly #history: History | undefined;
  readonly #retention: Retention;
  #weights: ContentId | undefined;
  /** The early stop that was told last. */
  #stopTold: number | undefined;
  #historyFailure: string | undefined;
  /** The last round whose outcome was told; none before the first snapshot. */
  #lastTold: number | undefined;
  /** No vote is signed up to this round, where the journal was behind the ledger at first; none before it was looked. */
  #abstainUntil: number | undefined;
  /** Seconds that the local clock is known to be ahead of the chain's. */
  #ahead = 0;
  /** The last round in which this learner passed its turn to propose. */
  #passed: number | undefined;
  #waitingFor: string | undefined;
  /** What the step in hand failed of, where it did. */
  #failing: string | undefined;

  constructor(context: Context, experiment: Experiment) {
    this.#context = context;
    this.#ledger = context.transactor.ledger;
    this.#experiment = experiment;
    this.#retention = new Retention(context);
    const { stop } = context;
    this.#history = stop && new History(this.#ledger, context.experiment, stop.direction);
  }

  /**
   * Runs until the experiment ends.
   * @param stopping ends the node after the step in hand
   * @param aborted ends it at once
   * @returns how the experiment ended, or undefined when the node was told to stop before
   */
  async run(stopping: AbortSignal, aborted: AbortSignal): Promise<"completed" | "cancelled" | undefined> {
    let failures = 0;
    const ending = AbortSignal.any([stopping, aborted]);
    const ended = () => ending.aborted;
    while (!ended()) {
      try {
        const snapshot = await this.#snapshot();
        await this.#compareJournal(snapshot);
        const action = this.#decide(snapshot, await this.#hasStopped(snapshot));
        if (action.type === "finish") {
          await this.#retention.tidy(snapshot);
          this.#context.emit({ event: "finished", status: action.status });
          return action.status;
        }
        if (action.type === "wait") {
          this.#announceWait(action.reason, snapshot);
          if (this.#weights !== undefined) await this.#retention.tidy(snapshot);
          await this.#wait(snapshot, action.until, ending);
        } else if (action.type === "join") {
          await this.#join(snapshot, ending);
        } else {
          this.#waitingFor = undefined;
          await this.#act(action, snapshot, aborted);
        }
        failures = 0;
        this.#tellRecovery();
      } catch (error) {
        if (ended()) break;
        if (error instanceof UserError && !PASSING.has(error.code)) throw error;
        if (isAbort(error)) {
          await this.#pause(ending);
          continue;
        }
        if (error instanceof RevertError && OVERTAKEN.has(error.revert)) {
          this.#learnClock(error);
          this.#context.log.info(error.message);
        } else this.#tellFailure(plain(error));
        failures++;
        const backoff = Math.min(250 * 2 ** failures, MAX_BACKOFF_MILLISECONDS);
        await sleep(backoff, undefined, { signal: ending }).catch(() => undefined);
      }
    }
    return undefined;
  }

  /** A failure that lasts, as a full disk does, is one line in the log. */
  #tellFailure(err: { readonly code: string; readonly message: string }): void {
    const { log, emit } = this.#context;
    const isNew = err.message !== this.#failing;
    log[isNew ? "error" : "debug"]({ err }, "this step failed; trying again");
    this.#failing = err.message;
    emit({ event: "failed", code: err.code });
  }

  #tellRecovery(): void {
    if (this.#failing === undefined) return;
    this.#failing = undefined;
    this.#context.log.info("the step that failed has succeeded");
    this.#context.emit({ event: "recovered" });
  }

  async #snapshot(): Promise<Snapshot> {
    const { transactor, experiment, emit } = this.#context;
    const snapshot = await this.#ledger.snapshot(experiment, transactor.address);
    this.#context.onSnapshot?.(snapshot);
    const settled = lastSettled(snapshot);
    if (this.#lastTold === undefined) {
      await this.#findAccepted(settled);
      this.#lastTold = settled;
    }
    for (let round = this.#lastTold + 1; round <= settled; round++) {
      const { outcome, proposal, proposer } = await this.#ledger.round(experiment, round);
      if (outcome === "accepted" && proposal) this.#retention.accepted(round, proposal);
      this.#lastTold = round;
      emit({ event: "settled", round, outcome, proposer });
    }
    return snapshot;
  }

  /** Once, before anything is signed: asks the ledger whether the journal is all that this learner did. */
  async #compareJournal(snapshot: Snapshot): Promise<void> {
    if (this.#abstainUntil !== undefined) return;
    const { transactor, experiment, journal, isRelayed, log } = this.#context;
    const { address } = transactor;
    const part = await unknownPart((round) => this.#ledger.round(experiment, round), address, snapshot, journal);
    this.#abstainUntil = part !== undefined && isRelayed === true ? snapshot.round : 0;
    if (part === undefined) return;
    const { round } = snapshot;
    const what = isRelayed === true ? "no vote is signed in the open round" : "the ledger counts one vote a round";
    log.warn({ round, part }, `the journal is older than the ledger, as from a backup: ${what}`);
  }

  /** What was accepted while this node was not there to see it is kept as all else is. */
  async #findAccepted(settled: number): Promise<void> {
    const { experiment, keeping, journal } = this.#context;
    const known = new Set(journal.held().flatMap(({ round, accepted }) => (accepted ? [round] : [])));
    for (let round = keeping.lineage ? 1 : Math.max(1, settled - keeping.rounds + 1); round <= settled; round++) {
      if (known.has(round)) continue;
      const { outcome, proposal } = await this.#ledger.round(experiment, round);
      if (outcome === "accepted" && proposal) this.#retention.accepted(round, proposal);
    }
  }

  /** Whether the experiment has stopped early. Where it is over anyway, nothing needs to be read. */
  async #hasStopped(snapshot: Snapshot): Promise<boolean> {
    const { stop, emit, log } = this.#context;
    if (stop === undefined || this.#history === undefined || isFinal(snapshot.status)) return false;
    const rounds = await this.#history.at(snapshot).catch((error: unknown) => {
      // Duties are owed all the same: what was known before holds until more is.
      const { message } = plain(error);
      if (message !== this.#historyFailure) log.warn(`whether the experiment stops early is not known now: ${message}`);
      this.#historyFailure = message;
    });
    if (rounds === undefined) return this.#stopTold !== undefined;
    this.#historyFailure = undefined;
    const stopped = stopRound(stop.when, stop.direction, rounds);
    if (stopped !== undefined && stopped.round !== this.#stopTold) {
      log.info(stopped, `the experiment ${describeStop(stopped)}`);
      emit({ event: "stopped", ...stopped });
    }
    this.#stopTold = stopped?.round;
    return stopped !== undefined;
  }

  #decide(snapshot: Snapshot, stopped: boolean): Action {
    const { address } = this.#context.transactor;
    const isCoordinator = this.#experiment.coordinator === address;
    const self = { address, isCoordinator, weights: this.#weights };
    const isBehind = snapshot.round <= (this.#abstainUntil ?? 0);
    const hasPassed = snapshot.round === this.#passed;
    const journal = { ...this.#context.journal.round(snapshot.round), isBehind, hasPassed };
    // A chain that mines on demand is later than its last block: the local clock tells when to look.
    const now = Math.max(Math.floor(Date.now() / 1000) - this.#ahead, snapshot.timestamp);
    // The ledger does not know of a signed invitation before it is used; after the start it is worth nothing.
    const isSigned = this.#context.joinTerms.invitation !== undefined && snapshot.status === "enrolling";
    const invited = snapshot.invited || isSigned;
    return decide({ ...snapshot, invited }, this.#experiment.config, self, journal, now, stopped);
  }

  /** "Too early" tells the chain's time: a local clock that is fast must not keep the node from its duties. */
  #learnClock({ revert, values }: RevertError): void {
    const timestamp = Number(values[0]);
    if (revert !== "TooEarly" || !Number.isSafeInteger(timestamp)) return;
    this.#ahead = Math.max(0, Math.floor(Date.now() / 1000) - timestamp);
    this.#context.log.info({ seconds: this.#ahead }, "the local clock is ahead of the chain's");
  }

  /** Joins, or waits where the key has to stake first: its owner may do so at any time, with another program. */
  async #join(snapshot: Snapshot, ending: AbortSignal): Promise<void> {
    const { transactor, experiment, log, store, emit, joinTerms } = this.#context;
    log.debug("joining");
    try {
      await transactor.join(experiment, encodeContact(await store.addresses(), this.#context), joinTerms);
    } catch (error) {
      if (!(error instanceof RevertError && error.revert === "NotStaked")) throw error;
      this.#announceWait(`not-staked (\`colearn stakes stake ${experiment}\` with this key)`, snapshot);
      await this.#wait(snapshot, undefined, ending);
      return;
    }
    this.#waitingFor = undefined;
    log.info("joined");
    emit({ event: "joined", index: (await this.#ledger.snapshot(experiment, transactor.address)).index ?? -1 });
  }

  async #act(
    action: Exclude<Action, { type: "wait" | "finish" | "join" }>,
    snapshot: Snapshot,
    aborted: AbortSignal,
  ): Promise<void> {
    const { transactor, experiment, log, emit } = this.#context;
    switch (action.type) {
      case "resume":
        log.info("resuming: this learner was suspended, or had left");
        await transactor.resume(experiment);
        return;
      case "leave":
        log.info("leaving: the experiment has stopped, and ends without active learners");
        await transactor.leave(experiment);
        return;
      case "start":
        log.info("starting the experiment");
        await transactor.start(experiment);
        return;
      case "advance":
        log.info({ round: action.round }, "the deadline has passed: leading on");
        if ((await transactor.advance(experiment, snapshot)).isNew) emit({ event: "advanced", round: action.round });
        return;
      case "synchronise":
        // Until all of it is done, it is not certain what the learner holds.
        this.#weights = undefined;
        await this.#whileCurrent(snapshot, aborted, (signal) => synchronise(this.#context, action, signal));
        this.#weights = action.weights;
        log.info({ round: action.round, weights: formatContentId(action.weights) }, "holding the current weights");
        return;
      case "propose":
        await this.#whileCurrent(snapshot, aborted, (signal) => propose(this.#context, action, signal)).catch(
          (error: unknown) => this.#pass(action.round, error),
        );
        return;
      case "vote":
        await this.#whileCurrent(snapshot, aborted, (signal) => vote(this.#context, action, signal));
        return;
      case "reveal":
        await reveal(this.#context, action);
        return;
    }
  }

  /** Without a budget left there is nothing to try again: the turn passes, and all other duties go on. */
  #pass(round: number, error: unknown): void {
    if (!isBudgetSpent(error)) throw error;
    this.#passed = round;
    this.#context.log.warn({ round }, `passing the turn to propose: ${error.message}`);
    this.#context.emit({ event: "passed", round, reason: error.code });
  }

  /** Does a duty and watches the ledger meanwhile: when the round goes on without it, the work is abandoned. */
  async #whileCurrent(snapshot: Snapshot, aborted: AbortSignal, duty: (signal: AbortSignal) => Promise<void>) {
    const overtaken = new AbortController();
    const done = new AbortController();
    const watch = async () => {
      const stopped = () => done.signal.aborted;
      let seen = snapshot;
      while (!stopped()) {
        try {
          await this.#wait(seen, undefined, done.signal);
          if (stopped()) return;
          seen = await this.#ledger.snapshot(this.#context.experiment, this.#context.transactor.address);
          this.#context.onSnapshot?.(seen);
        } catch {
          // A failing endpoint is the main loop's concern: here it only means that nothing is seen for now.
          continue;
        }
        if (isOvertaken(snapshot, seen)) overtaken.abort();
      }
    };
    const watching = watch();
    try {
      await duty(AbortSignal.any([aborted, overtaken.signal]));
    } finally {
      done.abort();
      await watching;
    }
  }

  /** Waits for a block after the snapshot's, for the time `until` (unix seconds), or for the signal. */
  async #wait({ blockNumber }: Snapshot, until: number | undefined, signal: AbortSignal): Promise<void> {
    const { provider } = this.#ledger;
    const latest = Date.now() + MAX_WAIT_SECONDS * 1000;
    const due = until === undefined ? latest : (until + this.#ahead) * 1000;
    const end = Math.min(Math.max(due, Date.now() + 1), latest);
    const over = () => signal.aborted || Date.now() >= end;
    while (!over()) {
      await this.#pause(signal, end - Date.now());
      if (over() || (await provider.getBlockNumber()) > blockNumber) return;
    }
  }

  /** Sleeps for a polling interval, or less. */
  async #pause(signal: AbortSignal, atMost = Infinity): Promise<void> {
    const interval = Math.min(this.#ledger.provider.pollingInterval, Math.max(atMost, 1));
    await sleep(interval, undefined, { signal }).catch(() => undefined);
  }

  #announceWait(reason: string, { round, status }: Snapshot): void {
    const waitingFor = `${reason} ${round}`;
    if (waitingFor === this.#waitingFor) return;
    this.#waitingFor = waitingFor;
    this.#context.log.info({ status, round }, `waiting: ${reason}`);
  }
}

/** Whether what was begun at a snapshot is of no use any more. */
function isOvertaken(begun: Snapshot, seen: Snapshot): boolean {
  const tooLateToSeal = begun.phase === "vote" && seen.phase === "reveal";
  return seen.round !== begun.round || seen.weightsRound !== begun.weightsRound || tooLateToSeal;
}

function isAbort(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === "AbortError" || (error instanceof ColearnError && error.code === "aborted"))
  );
}

/** An error as it is logged: never with the request that failed, which may carry more than a log should. */
function plain(error: unknown): { code: string; message: string; remedy?: string | undefined } {
  if (error instanceof ColearnError) return { code: error.code, message: error.message, remedy: error.remedy };
  const message = error instanceof Error && "shortMessage" in error ? String(error.shortMessage) : String(error);
  return { code: "unexpected", message };
}
