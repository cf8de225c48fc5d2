import type { Interface } from "ethers";

import { ColearnError } from "../../errors.ts";
import { RevertError } from "../../ledger/errors.ts";
import { GAS_MARGIN } from "../../ledger/outbox.ts";
import { isCallSignedByKey, openMethods, signedMethods, type RelayedCall } from "../../ledger/signed-call.ts";
import { Allowance, CALLS_PER_ROUND, hourOf, learnersGas, periodOf, STRANGERS_GAS } from "./budget.ts";
import { refused, type RelayContext } from "./collector.ts";
import type { Answer } from "./protocol.ts";
import type { Refusal } from "./votes.ts";

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

/** Nothing where the calldata is no call of the contract's, or says more than the call: every byte costs gas. */
function methodOf(data: string, contract: Interface): Method | undefined {
  try {
    const parsed = contract.parseTransaction({ data });
    if (parsed === null) return undefined;
    const { name, args, fragment } = parsed;
    if (contract.encodeFunctionData(fragment, args) !== data.toLowerCase()) return undefined;
    return { name, experiment: args[0], voter: name === "reveal" ? String(args.voter) : undefined };
  } catch {
    return undefined;
  }
}

/** What a call is charged to, and how much of it. */
interface Charge {
  readonly period: string;
  readonly name: string;
  readonly limit: bigint;
  readonly amount: bigint;
}

/**
 * Sends the calls of learners who cannot pay, after checking that the contract takes them. It spends so much and no more,
 * whoever asks: a learner may be a contract, which answers the check in one way and the transaction in another.
 */
export class CallSender {
  readonly #context: RelayContext;
  /** How many calls of each learner. */
  readonly #calls = new Allowance();
  /** Gas, of the learners' and of the strangers', for the latter by the hour. */
  readonly #gas = new Allowance();
  readonly #strangersGas = new Allowance();
  /** What is being sent, by its text: whoever asks for the same waits for it. */
  readonly #running = new Map<string, Promise<Answer>>();
  /** Those of whom a call was mined and failed, and who are not served any more. */
  readonly #failed = new Set<string>();

  constructor(context: RelayContext) {
    this.#context = context;
  }

  async send(call: RelayedCall): Promise<Answer> {
    const { experiment, transactor, forAll } = this.#context;
    if (!forAll) return refused({ code: "votes-only", reason: "this node relays votes only" });
    const inspected = inspectCall(call, experiment, transactor.ledger.interface);
    if ("code" in inspected) return refused(inspected);
    const { learner } = inspected;
    if (this.#failed.has(learner)) return refused({ code: "failed", reason: `a call of ${learner}'s failed before` });
    const text = call.kind === "call" ? [learner, call.call, call.deadline, call.signature].join(" ") : call.call;
    let answer = this.#running.get(text);
    if (answer === undefined) {
      answer = this.#check(call, learner).finally(() => this.#running.delete(text));
      this.#running.set(text, answer);
    }
    return answer;
  }

  async #check(call: RelayedCall, learner: string): Promise<Answer> {
    const { experiment, transactor } = this.#context;
    const { ledger } = transactor;
    try {
      const isSigned = call.kind === "call";
      const nonce = isSigned ? await ledger.nonce(learner) : 0n;
      if (isSigned && !(await this.#mayBeSigned(call, nonce))) {
        const reason = `${learner} did not sign this call, with its next nonce, for here`;
        return refused({ code: "signature", reason });
      }
      if (!(await transactor.canPay())) return refused({ code: "no-funds", reason: "this relay cannot pay" });
      const gas = await transactor.estimateFor(call);
      if (gas > MAX_CALL_GAS) return refused({ code: "gas", reason: `the call takes ${gas} gas` });
      const snapshot = await ledger.snapshot(experiment, isSigned ? learner : undefined);
      const isStranger = isSigned && snapshot.index === undefined;
      const period = periodOf(snapshot.status, snapshot.round, Date.now());
      const amount = gas + GAS_MARGIN;
      const calls = { period, name: learner, limit: BigInt(CALLS_PER_ROUND), amount: 1n };
      const spent = isStranger
        ? { period: hourOf(Date.now()), name: "strangers", limit: STRANGERS_GAS, amount }
        : { period, name: "learners", limit: learnersGas(snapshot.learnerCount), amount };
      return await this.#pay(call, learner, nonce, {
        calls: [this.#calls, calls],
        gas: [isStranger ? this.#strangersGas : this.#gas, spent],
      });
    } catch (error) {
      // Overtaken, most likely: whoever asked looks at the ledger again.
      if (error instanceof RevertError) return refused({ code: error.revert, reason: error.message });
      if (error instanceof ColearnError && error.code === "busy")
        return refused({ code: "busy", reason: error.message });
      throw error;
    }
  }

  /** Whether the learner's key signed, or the learner is a contract: then the estimate tells. */
  async #mayBeSigned(call: Extract<RelayedCall, { kind: "call" }>, nonce: bigint): Promise<boolean> {
    const { ledger } = this.#context.transactor;
    const isByKey = isCallSignedByKey(await ledger.domain(), call, nonce);
    return isByKey || (await ledger.provider.getCode(call.learner)) !== "0x";
  }

  /** Sends a call, where both accounts have as much, and puts back what it did not take. */
  async #pay(
    call: RelayedCall,
    learner: string,
    nonce: bigint,
    { calls, gas }: Readonly<Record<"calls" | "gas", readonly [Allowance, Charge]>>,
  ): Promise<Answer> {
    const { transactor, log } = this.#context;
    if (!take(calls)) {
      const reason = `${learner} has had its ${CALLS_PER_ROUND} calls of ${calls[1].period}`;
      return refused({ code: "allowance", reason });
    }
    if (!take(gas)) {
      giveBack(calls, 1n);
      return refused({ code: "budget", reason: `this relay has spent the gas of ${gas[1].period} for ${gas[1].name}` });
    }
    const count = () => transactor.ledger.provider.getTransactionCount(transactor.address);
    const before = await count();
    try {
      const { hash, status, gasUsed } = await transactor.sendFor(call);
      giveBack(gas, gas[1].amount - gasUsed);
      if (status === 1) {
        log.info({ learner, transaction: hash }, "sent a call");
        return { status: "done", transaction: hash };
      }
      // Where its nonce is used, somebody else sent the call just before: the learner did nothing wrong.
      const isOvertaken = call.kind === "open-call" || (await transactor.ledger.nonce(learner)) > nonce;
      if (!isOvertaken) this.#failed.add(learner);
      log.warn({ learner, transaction: hash, isOvertaken }, "a call was mined and failed");
      return refused({ code: isOvertaken ? "overtaken" : "failed", reason: `transaction ${hash} failed` });
    } catch (error) {
      // Some endpoints mine a transaction that fails, and say no more of it than that it fails.
      if (isUnsent(error) && (await count()) === before) {
        giveBack(calls, 1n);
        giveBack(gas, gas[1].amount);
      }
      throw error;
    }
  }
}

function take([allowance, { period, name, limit, amount }]: readonly [Allowance, Charge]): boolean {
  return allowance.take(period, name, limit, amount);
}

function giveBack([allowance, { period, name }]: readonly [Allowance, Charge], amount: bigint): void {
  allowance.giveBack(period, name, amount);
}

/** Whether nothing was sent, as far as is known. */
function isUnsent(error: unknown): boolean {
  return (
    error instanceof RevertError || (error instanceof ColearnError && ["busy", "fee-too-high"].includes(error.code))
  );
}
