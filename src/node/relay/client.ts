import { setTimeout as sleep } from "node:timers/promises";

import type { Logger } from "pino";

import { ColearnError } from "../../errors.ts";
import { reasonOf } from "../../ledger/errors.ts";
import type { CallRelay, RelayedCall } from "../../ledger/signed-call.ts";
import type { SignedVote } from "../../ledger/signed-vote.ts";
import type { ExperimentConfig } from "../../ledger/types.ts";
import type { Messages } from "../../storage/messages.ts";
import type { ContactBook } from "../contact.ts";
import { decodeAnswer, encodeRequest, PROTOCOL, type Answer, type Request } from "./protocol.ts";
import type { Relay } from "./serve.ts";

/** A vote is taken, or not, within this. */
const VOTE_MILLISECONDS = 15_000;
/** All relays together have no longer than this for a call, which is answered when it is mined. */
const CALL_MILLISECONDS = 60_000;
/** They have no less, where windows are so short that it would be. */
const LEAST_CALL_MILLISECONDS = 5_000;
/** A relay that has not answered for this long is not waited for: the next one is asked too, though both may pay. */
const PATIENCE_MILLISECONDS = 15_000;

export interface RelayClientOptions {
  readonly messages: Messages;
  readonly contacts: ContactBook;
  /** Multiaddresses of relays that the operator named. */
  readonly relayers: readonly string[];
  readonly log: Logger;
  /** All that a call may take. */
  readonly callMilliseconds: number;
  /** Ends every wait. */
  readonly ending: AbortSignal;
}

/** All that a call may take, in milliseconds: a third of the shortest window, so that other duties have their time too. */
export function callTime(windows: Pick<ExperimentConfig, "proposeWindow" | "voteWindow" | "revealWindow">): number {
  const { proposeWindow, voteWindow, revealWindow } = windows;
  const shortest = Math.min(...[proposeWindow, voteWindow, revealWindow].filter((seconds) => seconds > 0));
  return Math.max(LEAST_CALL_MILLISECONDS, Math.min(CALL_MILLISECONDS, Math.floor((shortest * 1_000) / 3)));
}

/** Asks those who relay: the round's proposer, the operator's own, and learners who say so in their contacts. */
export class RelayClient implements CallRelay {
  readonly #options: RelayClientOptions;
  /** The relay in this process, which no address leads to. */
  own: Relay | undefined;

  constructor(options: RelayClientOptions) {
    this.#options = options;
  }

  /** Gives a vote to all of them at once, and waits for their answers; `onTaken` is told of each that took it. */
  async offer(vote: SignedVote, proposer: string, signal: AbortSignal, onTaken: () => void): Promise<void> {
    const { contacts, relayers } = this.#options;
    const request = { kind: "vote", ...vote } as const;
    const until = AbortSignal.any([signal, AbortSignal.timeout(VOTE_MILLISECONDS)]);
    const asked = (await contacts.relays(relayers, proposer)).map((addresses) => this.#ask(addresses, request, until));
    if (this.own) asked.push(this.own.answer(request));
    const heard = asked.map(async (asking) => {
      const answer = await asking.catch((error: unknown) => this.#failed(error));
      if (answer?.status === "refused") this.#log("the vote", answer);
      else if (answer !== undefined) onTaken();
    });
    await Promise.all(heard);
  }

  /**
   * Asks one after the other, as two that send it at once would both pay; but none keeps the others from being asked: a
   * silent one is given a part of the time, and all of them together what there is.
   */
  async send<T>(call: RelayedCall, confirm: (hash: string) => Promise<T | undefined>): Promise<T> {
    const { contacts, relayers, ending, callMilliseconds } = this.#options;
    const end = new AbortController();
    const until = AbortSignal.any([ending, end.signal, AbortSignal.timeout(callMilliseconds)]);
    const relays = await contacts.relays(relayers);
    const patience = Math.min(PATIENCE_MILLISECONDS, callMilliseconds / (relays.length + 1));
    const asking = new Set<Promise<void>>();
    const over = new Promise<void>((resolve) => {
      until.addEventListener("abort", () => resolve(), { once: true });
    });
    let confirmed: { readonly value: T } | undefined;
    const isOver = () => confirmed !== undefined || until.aborted;
    const askOne = async (addresses: readonly string[]) => {
      const value = await this.#askFor(addresses, call, confirm, until);
      if (value !== undefined) confirmed ??= { value };
    };
    try {
      for (const addresses of relays) {
        if (isOver()) break;
        const one = askOne(addresses).finally(() => asking.delete(one));
        asking.add(one);
        const patient = sleep(patience, undefined, { signal: until }).catch(() => undefined);
        // An earlier one may answer in the meantime.
        for (let waits = true; waits && asking.has(one) && !isOver();) {
          waits = await Promise.race([...[...asking].map((each) => each.then(() => true)), patient.then(() => false)]);
        }
      }
      while (asking.size > 0 && !isOver()) await Promise.race([...asking, over]);
    } finally {
      end.abort();
    }
    if (confirmed !== undefined) return confirmed.value;
    ending.throwIfAborted();
    throw new ColearnError("not-relayed", `this key has no funds, and none of ${relays.length} relays sent its call`, {
      remedy: "name a relay with --relayer, or send the key some of the network's currency",
    });
  }

  /** What a relay's answer to a call is worth: nothing where it failed, refused, or says that it sent what it did not. */
  async #askFor<T>(
    addresses: readonly string[],
    call: RelayedCall,
    confirm: (hash: string) => Promise<T | undefined>,
    until: AbortSignal,
  ): Promise<T | undefined> {
    try {
      const answer = await this.#ask(addresses, call, until);
      if (answer.status === "refused") this.#log("the call", answer);
      if (answer.status !== "done") return undefined;
      const confirmed = await confirm(answer.transaction);
      if (confirmed !== undefined) return confirmed;
      this.#options.log.warn({ transaction: answer.transaction }, "a relay says that it sent a call, and did not");
    } catch (error) {
      this.#failed(error);
    }
    return undefined;
  }

  async #ask(addresses: readonly string[], request: Request, signal: AbortSignal): Promise<Answer> {
    return decodeAnswer(await this.#options.messages.ask(addresses, PROTOCOL, encodeRequest(request), signal));
  }

  #log(what: string, { code, reason }: Extract<Answer, { status: "refused" }>): void {
    this.#options.log.debug({ code }, `a relay did not take ${what}: ${reason}`);
  }

  #failed(error: unknown): undefined {
    this.#options.log.debug({ reason: reasonOf(error) }, "a relay gave no answer");
  }
}
