import type { Interface } from "ethers";

import { RevertError } from "../../ledger/errors.ts";
import { isCallSignedByKey, openMethods, signedMethods, type RelayedCall } from "../../ledger/signed-call.ts";
import { refused, type RelayContext } from "./collector.ts";
import type { Answer } from "./protocol.ts";
import type { Refusal } from "./votes.ts";

/** Calls that a relay pays for a learner in a round: one that does its duties needs three at most. */
export const CALLS_PER_ROUND = 6;
/** No call takes more gas but one that suspends a great many learners, which others will make. */
const MAX_CALL_GAS = 2_000_000n;
/** Who is charged for calls that are nobody's. */
const NOBODY = "nobody";

interface Inspected {
  /** Who is charged for it. */
  readonly learner: string;
}

/** Whether a call is one that a relay of the experiment sends, and whom it is for. */
export function inspectCall(call: RelayedCall, experiment: bigint, contract: Interface): Inspected | Refusal {
  const method = methodOf(call.call, contract);
  const allowed = call.kind === "call" ? signedMethods : openMethods;
  if (method === undefined || !allowed.has(method.name)) {
    return { code: "function", reason: `${method?.name ?? "an unknown function"} is not relayed` };
  }
  if (method.experiment !== experiment) {
    return {
      code: "other-experiment",
      reason: `calls of experiment ${experiment} only, not of ${String(method.experiment)}`,
    };
  }
  return { learner: call.kind === "call" ? call.learner : (method.voter ?? NOBODY) };
}

interface Method {
  readonly name: string;
  readonly experiment: unknown;
  /** Whose vote is revealed. */
  readonly voter: string | undefined;
}

function methodOf(data: string, contract: Interface): Method | undefined {
  try {
    const parsed = contract.parseTransaction({ data });
    if (parsed === null) return undefined;
    const { name, args } = parsed;
    return { name, experiment: args[0], voter: name === "reveal" ? String(args.voter) : undefined };
  } catch {
    return undefined;
  }
}

/** Counts what a relay pays for: so many calls for each learner in each round, so that nobody can empty its account. */
export class Allowance {
  readonly #limit: number;
  readonly #spent = new Map<string, number>();
  #round = -1;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes one call of a learner's in a round, unless it has had all of them. */
  take(round: number, learner: string): boolean {
    if (round !== this.#round) {
      this.#spent.clear();
      this.#round = round;
    }
    const spent = this.#spent.get(learner) ?? 0;
    if (spent >= this.#limit) return false;
    this.#spent.set(learner, spent + 1);
    return true;
  }
}

/** Sends the calls of learners who cannot pay, after checking that the contract takes them. */
export class CallSender {
  readonly #context: RelayContext;
  readonly #allowance = new Allowance(CALLS_PER_ROUND);

  constructor(context: RelayContext) {
    this.#context = context;
  }

  async send(call: RelayedCall): Promise<Answer> {
    const { experiment, transactor, forAll, log } = this.#context;
    const { ledger } = transactor;
    if (!forAll) return refused({ code: "votes-only", reason: "this node relays votes only" });
    const inspected = inspectCall(call, experiment, ledger.interface);
    if ("code" in inspected) return refused(inspected);
    const { learner } = inspected;
    try {
      const refusal = await this.#refuse(call);
      if (refusal) return refused(refusal);
      const { round } = await ledger.snapshot(experiment);
      if (!this.#allowance.take(round, learner)) {
        const reason = `${learner} has had its ${CALLS_PER_ROUND} calls of round ${round}`;
        return refused({ code: "allowance", reason });
      }
      const { hash } = await transactor.sendFor(call);
      log.info({ learner, transaction: hash }, "sent a call");
      return { status: "done", transaction: hash };
    } catch (error) {
      // Overtaken, most likely: whoever asked looks at the ledger again.
      if (error instanceof RevertError) return refused({ code: error.revert, reason: error.message });
      throw error;
    }
  }

  /** @throws RevertError where the contract would refuse the call */
  async #refuse(call: RelayedCall): Promise<Refusal | undefined> {
    const { transactor } = this.#context;
    if (!(await transactor.canPay())) return { code: "no-funds", reason: "this relay cannot pay" };
    if (call.kind === "call" && !(await this.#mayBeSigned(call))) {
      return { code: "signature", reason: `${call.learner} did not sign this call, with its next nonce, for here` };
    }
    const gas = await transactor.estimateFor(call);
    return gas > MAX_CALL_GAS ? { code: "gas", reason: `the call takes ${gas} gas` } : undefined;
  }

  /** Whether the learner's key signed, or the learner is a contract: then the estimate tells. */
  async #mayBeSigned(call: Extract<RelayedCall, { kind: "call" }>): Promise<boolean> {
    const { ledger } = this.#context.transactor;
    const [domain, nonce] = [await ledger.domain(), await ledger.nonce(call.learner)];
    return isCallSignedByKey(domain, call, nonce) || (await ledger.provider.getCode(call.learner)) !== "0x";
  }
}
