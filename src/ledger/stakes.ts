/**
 * The contract that holds the stakes and rewards of an experiment, for reading. Meanings are in `contracts/IStakes.sol`.
 * It is the coordinator who names it: a contract that only looks like this project's could keep what it is paid.
 */
import { Contract, Interface, ZeroAddress } from "ethers";

import { ColearnError, UserError } from "../errors.ts";
import { explain, RevertError, type Remedies } from "./errors.ts";
import { stakesAbi } from "./generated/stakes-abi.ts";
import { stakesBytecode, stakesCodeBytes } from "./generated/stakes-bytecode.ts";
import type { Ledger } from "./ledger.ts";
import { queryLogs, topicsOf } from "./logs.ts";

/** Rounds that are paid in one call at most: some 12 million gas, which fits into a transaction everywhere. */
const ROUNDS_AT_ONCE = 1_000;

/** CBOR of two fields, and its length: see `test/e2e/deploy/bytecode.test.ts`. */
const METADATA_BYTES = 53;

/** What a token says that follows the standard (ERC-6093), so that a person can read it. */
const tokenErrors = [
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
  "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
];

export const stakesInterface = new Interface([...stakesAbi, ...tokenErrors]);

export const stakesRemedies: Remedies = {
  WrongStakes: "create the experiment with --stakes and this contract's address",
  WrongStatus: "see `colearn stakes status`: it is too early, or too late",
  NotCoordinator: "sign with the coordinator's key",
  PenaltyAboveStake: "give a --penalty of at most --stake",
  TermsAlreadyOpen: "they are final: see `colearn stakes status`",
  TermsNotOpen: "its coordinator opens them with `colearn stakes open`",
  WrongAmount: "choose a token that takes no fee",
  AlreadyStaked: "nothing more is to be staked: join",
  NoStake: "see who staked with `colearn stakes status`",
  StakeLocked: "who joined can withdraw at the experiment's end",
  NotLearner: "check the address: it never joined",
  AlreadyPenalised: "nothing more is to be done",
  RoundOpen: "claim when the round is settled, or give a smaller --through",
  NothingDue: "all up to this round was paid before",
  SafeERC20FailedOperation: "the token refused the transfer: check balance and token",
  ERC20InsufficientBalance: "get more of the token",
  ERC20InsufficientAllowance: "try again: the token's approval was changed meanwhile",
};

/** Amounts are in the token's smallest unit. */
export interface Terms {
  readonly token: string;
  readonly stake: bigint;
  readonly penalty: bigint;
  readonly proposalReward: bigint;
  readonly voteReward: bigint;
}

export interface Fund {
  readonly terms: Terms;
  readonly sponsor: string;
  readonly rounds: number;
  readonly refundedThrough: number;
  readonly forfeited: bigint;
}

export interface Account {
  /** What is left of it. */
  readonly stake: bigint;
  readonly penalised: boolean;
  readonly claimedThrough: number;
}

/** Pay that could be asked for now. */
export interface Due {
  /** The round up to which it is. */
  readonly through: number;
  /** None where the token refuses to pay it now. */
  readonly amount: bigint | undefined;
}

/** Reads the stakes of one experiment. Nothing here signs or sends. */
export class Stakes {
  readonly ledger: Ledger;
  readonly experiment: bigint;
  readonly address: string;
  readonly #contract: Contract;
  readonly #createdBlock: number;

  private constructor(ledger: Ledger, experiment: bigint, address: string, createdBlock: number) {
    this.ledger = ledger;
    this.experiment = experiment;
    this.address = address;
    this.#contract = new Contract(address, stakesInterface, ledger.provider);
    this.#createdBlock = createdBlock;
  }

  /**
   * The stakes of an experiment, in the contract that its config names.
   * @throws UserError where it names none, or one that is not for this ledger
   */
  static async of(ledger: Ledger, experiment: bigint): Promise<Stakes> {
    const { config, createdBlock } = await ledger.experiment(experiment);
    if (config.stakes === undefined) {
      throw new UserError("stakes", `experiment ${experiment} has no stakes: nothing is staked, claimed or paid`, {
        remedy: "join as it is, or create one with --stakes",
      });
    }
    const stakes = new Stakes(ledger, experiment, config.stakes, createdBlock);
    const served = await stakes.#read("ledger").catch((error: unknown) => {
      if (error instanceof ColearnError && error.code === "reverted") return undefined;
      throw error;
    });
    if (served === ledger.address) return stakes;
    throw new UserError(
      "stakes",
      `${config.stakes}, which holds the stakes of experiment ${experiment}, is no Stakes`,
      {
        remedy: "it is not this ledger's contract of that name: ask the coordinator how to stake there",
      },
    );
  }

  /** Whether its code is that of this version, for this ledger: then it does what the source says. */
  async hasKnownCode(): Promise<boolean> {
    const code = await this.ledger.provider.getCode(this.address);
    const ledger = this.ledger.address.slice(2).toLowerCase().padStart(64, "0");
    const known = stakesBytecode.slice(-2 * stakesCodeBytes);
    // What a constructor sets is zero in what it makes the code from.
    return executable(code.slice(2).replaceAll(ledger, "0".repeat(64))) === executable(known);
  }

  /** Terms and what became of the budget; undefined until they are open. */
  async fund(): Promise<Fund | undefined> {
    const raw = (await this.#read("getFund", this.experiment)) as {
      readonly terms: Terms;
      readonly sponsor: string;
      readonly rounds: bigint;
      readonly refundedThrough: bigint;
      readonly forfeited: bigint;
    };
    if (raw.sponsor === ZeroAddress) return undefined;
    const { token, stake, penalty, proposalReward, voteReward } = raw.terms;
    return {
      terms: { token, stake, penalty, proposalReward, voteReward },
      sponsor: raw.sponsor,
      rounds: Number(raw.rounds),
      refundedThrough: Number(raw.refundedThrough),
      forfeited: raw.forfeited,
    };
  }

  async account(learner: string): Promise<Account> {
    const raw = (await this.#read("getAccount", this.experiment, learner)) as {
      readonly stake: bigint;
      readonly penalised: boolean;
      readonly claimedThrough: bigint;
    };
    return { stake: raw.stake, penalised: raw.penalised, claimedThrough: Number(raw.claimedThrough) };
  }

  /** Everybody for whom a stake was ever paid, in the order of the chain. */
  async stakers(): Promise<string[]> {
    const topics = topicsOf(stakesInterface, ["Staked"], this.experiment);
    const query = { address: this.address, topics, fromBlock: this.#createdBlock };
    const logs = await queryLogs(this.ledger.provider, query);
    return [...new Set(logs.map((log) => String(stakesInterface.parseLog(log)?.args.learner)))];
  }

  /** What a learner can claim now, for as many rounds as one call takes; undefined where no round is left to claim. */
  async claimable(learner: string, account: Account, settled: number): Promise<Due | undefined> {
    const through = claimThrough(account, settled);
    if (through <= account.claimedThrough) return undefined;
    return { through, amount: await this.#payable("claim", learner, through) };
  }

  /** What the sponsor can have back now, for as many rounds as one call takes; undefined where there is nothing. */
  async refundable(fund: Fund, settled: number): Promise<Due | undefined> {
    const through = refundThrough(fund, settled);
    try {
      return { through, amount: await this.#payable("refund", through) };
    } catch (error) {
      if (error instanceof RevertError && ["WrongStatus", "NothingDue"].includes(error.revert)) return undefined;
      throw error;
    }
  }

  /** What a call would pay. @throws RevertError where the contract refuses it, and not the token */
  async #payable(method: string, ...args: readonly unknown[]): Promise<bigint | undefined> {
    try {
      return (await this.#read(method, this.experiment, ...args)) as bigint;
    } catch (error) {
      if (!isTokenRefusal(error)) throw error;
      return undefined;
    }
  }

  async #read(method: string, ...args: readonly unknown[]): Promise<unknown> {
    try {
      return (await this.#contract.getFunction(method).staticCall(...args)) as unknown;
    } catch (error) {
      throw explain(error, `tell ${method}`, stakesInterface, stakesRemedies);
    }
  }
}

/** Code without the hash of its metadata at the end, which a comment changes: it is never run. */
function executable(code: string): string {
  return code.slice(0, -2 * METADATA_BYTES);
}

/** Whether it is the token that refused, in its own words or in those of the standard (ERC-6093), and not the contract. */
export function isTokenRefusal(error: unknown): boolean {
  if (error instanceof RevertError) return /^(SafeERC20|ERC20)/.test(error.revert);
  return error instanceof ColearnError && error.code === "reverted";
}

/** How far one claim goes. */
export function claimThrough({ claimedThrough }: Account, settled: number): number {
  return Math.min(settled, claimedThrough + ROUNDS_AT_ONCE);
}

/** How far one refund goes: rounds that were never played cost nothing. */
export function refundThrough({ refundedThrough, rounds }: Fund, settled: number): number {
  const reached = refundedThrough + ROUNDS_AT_ONCE;
  return settled > reached ? reached : rounds;
}
