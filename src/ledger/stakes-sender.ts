import type { Signer, TransactionReceipt } from "ethers";

import { UserError } from "../errors.ts";
import { explain } from "./errors.ts";
import { Outbox, type OutboxOptions } from "./outbox.ts";
import { isTokenRefusal, type Stakes, stakesInterface, stakesRemedies, type Terms } from "./stakes.ts";
import { Token, tokenInterface } from "./token.ts";
import { Trial } from "./trial.ts";

/** What was paid, and by which transaction. */
export interface Paid {
  /** In the token's smallest unit. */
  readonly amount: bigint;
  readonly transaction: string;
}

/** Sends one key's transactions about the stakes of one experiment, the token's approvals among them. It owns the nonce. */
export class StakesSender {
  readonly address: string;
  readonly #stakes: Stakes;
  readonly #outbox: Outbox;
  readonly #trial: Trial;

  private constructor(stakes: Stakes, signer: Signer, address: string, options: OutboxOptions) {
    const { provider } = stakes.ledger;
    this.address = address;
    this.#stakes = stakes;
    this.#outbox = new Outbox(provider, signer.connect(provider), address, options);
    this.#trial = new Trial(provider, address, stakesInterface, stakesRemedies);
  }

  static async create(stakes: Stakes, signer: Signer, options: OutboxOptions = {}): Promise<StakesSender> {
    return new StakesSender(stakes, signer, await signer.getAddress(), options);
  }

  /** Opens the terms, and pays the budget of all rounds. */
  async open(terms: Terms, rounds: number): Promise<Paid> {
    const budget = BigInt(rounds) * (terms.proposalReward + terms.voteReward);
    return this.#pay("open the terms", "openTerms", [terms], terms.token, budget, "TermsOpened");
  }

  /** Pays a learner's stake. */
  async stake(learner: string, { token, stake }: Terms): Promise<Paid> {
    return this.#pay("stake", "stake", [learner], token, stake, "Staked");
  }

  unstake(): Promise<Paid> {
    return this.#send("unstake", "unstake", [], "Unstaked");
  }

  penalise(learner: string): Promise<Paid> {
    return this.#send("penalise", "penalise", [learner], "Penalised");
  }

  withdraw(learner: string): Promise<Paid> {
    return this.#send("withdraw", "withdraw", [learner], "Withdrawn");
  }

  claim(learner: string, through: number): Promise<Paid> {
    return this.#send("claim", "claim", [learner, through], "Rewarded");
  }

  refund(through: number): Promise<Paid> {
    return this.#send("refund", "refund", [through], "Refunded");
  }

  /** Finds out what would be refused before it approves anything: an approval that nobody uses would stay. */
  async #pay(
    action: string,
    method: string,
    args: readonly unknown[],
    tokenAddress: string,
    amount: bigint,
    event: string,
  ): Promise<Paid> {
    const call = { to: this.#stakes.address, data: this.#encode(method, args) };
    await this.#trial.ask(action, call).catch((error: unknown) => {
      // The token says so before it is approved, and not afterwards.
      if (!isTokenRefusal(error)) throw error;
    });
    await this.#approve(await Token.at(this.#stakes.ledger.provider, tokenAddress), amount);
    return this.#send(action, method, args, event);
  }

  async #approve(token: Token, amount: bigint): Promise<void> {
    const [balance, allowance] = await Promise.all([
      token.balanceOf(this.address),
      token.allowance(this.address, this.#stakes.address),
    ]).catch((error: unknown) => {
      throw explain(error, "tell balance and allowance", tokenInterface);
    });
    if (balance < amount) {
      const { symbol } = token;
      throw new UserError(
        "no-tokens",
        `${this.address} has ${token.format(balance)} ${symbol} of the ${token.format(amount)} that this takes`,
        { remedy: `get more of the token at ${token.address}` },
      );
    }
    if (allowance >= amount) return;
    const approve = async (value: bigint) => {
      const data = tokenInterface.encodeFunctionData("approve", [this.#stakes.address, value]);
      await this.#mine("approve the token", token.address, data);
    };
    // Some tokens change an approval only from or to nothing.
    if (allowance > 0n) await approve(0n);
    await approve(amount);
  }

  async #send(action: string, method: string, args: readonly unknown[], event: string): Promise<Paid> {
    const receipt = await this.#mine(action, this.#stakes.address, this.#encode(method, args));
    for (const log of receipt.logs) {
      const parsed = log.address === this.#stakes.address ? stakesInterface.parseLog(log) : null;
      if (parsed?.name !== event) continue;
      const amount: unknown = parsed.args.at(-1);
      if (typeof amount === "bigint") return { amount, transaction: receipt.hash };
    }
    return { amount: 0n, transaction: receipt.hash };
  }

  #encode(method: string, args: readonly unknown[]): string {
    return stakesInterface.encodeFunctionData(method, [this.#stakes.experiment, ...args]);
  }

  async #mine(action: string, to: string, data: string): Promise<TransactionReceipt> {
    const receipt = await this.#outbox.send({ to, data }, { action }).catch((error: unknown) => {
      throw this.#trial.explain(error, action);
    });
    return this.#trial.requireDone(action, { to, data }, receipt);
  }
}
