import type { Logger } from "pino";

import { ColearnError } from "../../errors.ts";
import type { CallRelay, RelayedCall } from "../../ledger/signed-call.ts";
import type { SignedVote } from "../../ledger/signed-vote.ts";
import type { Messages } from "../../storage/messages.ts";
import type { ContactBook } from "../contact.ts";
import { decodeAnswer, encodeRequest, PROTOCOL, type Answer, type Request } from "./protocol.ts";
import type { Relay } from "./serve.ts";

/** A vote is taken, or not, within this. */
const VOTE_MILLISECONDS = 15_000;
/** A call is answered when it is mined. */
const CALL_MILLISECONDS = 60_000;

export interface RelayClientOptions {
  readonly messages: Messages;
  readonly contacts: ContactBook;
  /** Multiaddresses of relays that the operator named. */
  readonly relayers: readonly string[];
  readonly log: Logger;
  /** Ends every wait. */
  readonly ending: AbortSignal;
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

  /** Asks one after the other: two that send it at once would both pay. */
  async send<T>(call: RelayedCall, confirm: (hash: string) => Promise<T | undefined>): Promise<T> {
    const { contacts, relayers, ending } = this.#options;
    const relays = await contacts.relays(relayers);
    for (const addresses of relays) {
      const until = AbortSignal.any([ending, AbortSignal.timeout(CALL_MILLISECONDS)]);
      const answer = await this.#ask(addresses, call, until).catch((error: unknown) => this.#failed(error));
      ending.throwIfAborted();
      if (answer?.status === "refused") this.#log("the call", answer);
      if (answer?.status !== "done") continue;
      const confirmed = await confirm(answer.transaction);
      if (confirmed !== undefined) return confirmed;
      this.#options.log.warn({ transaction: answer.transaction }, "a relay says that it sent a call, and did not");
    }
    throw new ColearnError("not-relayed", `this key has no funds, and none of ${relays.length} relays sent its call`, {
      remedy: "name a relay with --relayer, or send the key some of the network's currency",
    });
  }

  async #ask(addresses: readonly string[], request: Request, signal: AbortSignal): Promise<Answer> {
    return decodeAnswer(await this.#options.messages.ask(addresses, PROTOCOL, encodeRequest(request), signal));
  }

  #log(what: string, { code, reason }: Extract<Answer, { status: "refused" }>): void {
    this.#options.log.debug({ code }, `a relay did not take ${what}: ${reason}`);
  }

  #failed(error: unknown): undefined {
    this.#options.log.debug(
      { reason: error instanceof Error ? error.message : String(error) },
      "a relay gave no answer",
    );
  }
}
