import { setTimeout as sleep } from "node:timers/promises";

import type { Signer } from "ethers";
import type { Logger } from "pino";

import { ColearnError } from "../../errors.ts";
import { RevertError } from "../../ledger/errors.ts";
import { toScore } from "../../ledger/score.ts";
import { signVote, type SignedVote } from "../../ledger/signed-vote.ts";
import type { Transactor } from "../../ledger/transactor.ts";
import { has } from "../../ledger/types.ts";
import type { Casting } from "../casting.ts";
import type { RecordedVote } from "../decide.ts";
import type { RelayClient } from "./client.ts";

/** From this part of the vote window on, a voter sends its vote itself: who drops votes delays nobody's any longer. */
const OWN_PART = 0.5;
/** A voter whose vote no relay has taken for this part of the window does not wait for one. */
const UNTAKEN_PART = 0.1;
/** The vote is given to the relays again and again, this part of the window apart: one of them may have been restarted. */
const AGAIN_PART = 0.05;
/** A node that is told to stop waits for a relay so many seconds more. */
const STOP_SECONDS = 3;
/** Blocks that are looked at again for a vote: the ledger may have been reorganised. */
const LOOK_BACK_BLOCKS = 64;

export interface CastRelayedOptions {
  readonly transactor: Transactor;
  readonly signer: Signer;
  readonly experiment: bigint;
  /** Seconds. */
  readonly voteWindow: number;
  readonly relays: RelayClient;
  readonly log: Logger;
  /** The node is to end after the step in hand. */
  readonly stopping: AbortSignal;
}

/**
 * Signed, and sent together with the others' by whoever proposed, or by another relay; or by a transaction of the node's
 * own, where nobody has sent it at half of the vote window.
 */
export function castRelayed(options: CastRelayedOptions): Casting {
  return {
    async cast(round, vote, secondsLeft, signal) {
      const { ledger, address: voter } = options.transactor;
      const { index } = await ledger.snapshot(options.experiment, voter);
      if (index === undefined) throw new ColearnError("not-learner", `${voter} never joined`);
      const signed = await sign(options, round, vote);
      const { proposer } = await ledger.round(options.experiment, round);
      const fromBlock = Math.max(0, (await ledger.provider.getBlockNumber()) - LOOK_BACK_BLOCKS);
      const onLedger = async () => {
        const { approvals, rejections } = await ledger.round(options.experiment, round);
        if (!has(approvals | rejections, index)) return undefined;
        const votes = await ledger.votes(options.experiment, fromBlock);
        return votes.find((cast) => cast.round === round && cast.voter === voter)?.transaction;
      };
      return bring(options, { round, vote, signed, proposer, onLedger }, secondsLeft, signal);
    },
  };
}

interface Ballot {
  readonly round: number;
  readonly vote: RecordedVote;
  readonly signed: SignedVote;
  readonly proposer: string;
  /** The transaction that brought the vote to the ledger, as soon as there is one. */
  readonly onLedger: () => Promise<string | undefined>;
}

/** The score goes through the ledger's own form: a restarted node signs the same. */
async function sign({ transactor, signer, experiment }: CastRelayedOptions, round: number, vote: RecordedVote) {
  const { proposal, approve, score } = vote;
  const message = { experiment, round, proposal: proposal.digest, voter: transactor.address, approve };
  return signVote(signer, await transactor.ledger.domain(), { ...message, score: toScore(score) });
}

async function bring(options: CastRelayedOptions, ballot: Ballot, secondsLeft: number, signal: AbortSignal) {
  const { transactor, voteWindow, relays, log, stopping } = options;
  const { round, signed, proposer, onLedger } = ballot;
  const start = performance.now() / 1000;
  const ownAt = start + secondsLeft - OWN_PART * voteWindow;
  const untakenAt = Math.min(start + UNTAKEN_PART * voteWindow, ownAt);
  let end = start + secondsLeft;
  const done = new AbortController();
  const until = AbortSignal.any([signal, done.signal]);
  const known = { isTaken: false };
  let offering: Promise<void> | undefined;
  let again = start;
  const onTaken = () => {
    if (!known.isTaken) log.info({ round }, "a relay has taken the vote");
    known.isTaken = true;
  };
  const offer = async () => {
    await relays.offer(signed, proposer, until, onTaken).catch(() => undefined);
    offering = undefined;
  };
  try {
    for (;;) {
      const hash = await onLedger();
      if (hash !== undefined) return hash;
      signal.throwIfAborted();
      const now = performance.now() / 1000;
      if (stopping.aborted) end = Math.min(end, now + STOP_SECONDS);
      if (now >= Math.min(known.isTaken ? ownAt : untakenAt, end) && (await transactor.canPay())) {
        log.info({ round, ...known }, "no relay has sent the vote: sending it by a transaction");
        return await sendOwn(options, ballot);
      }
      if (now >= end) break;
      if (now >= again && offering === undefined) {
        again = now + AGAIN_PART * voteWindow;
        offering = offer();
      }
      await sleep(transactor.ledger.provider.pollingInterval, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    done.abort();
    await offering;
  }
  throw new ColearnError("not-relayed", `nobody sent the vote of round ${round} in time, and this key has no funds`);
}

/** By a transaction of the node's own, unless the vote gets there just before. */
async function sendOwn({ transactor, experiment }: CastRelayedOptions, { round, vote, onLedger }: Ballot) {
  try {
    return (await transactor.vote(experiment, round, vote.proposal, vote.approve, vote.score)).hash;
  } catch (error) {
    const hash = error instanceof RevertError ? await onLedger() : undefined;
    if (hash !== undefined) return hash;
    throw error;
  }
}
