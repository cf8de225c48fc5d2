import type { BaseContract, ContractRunner, ContractTransactionResponse } from "ethers";

/** The calls of the stakes contract as ethers offers them, typed by hand: see `contracts/IStakes.sol`. */
export interface StakesContract extends BaseContract {
  connect(runner: ContractRunner | null): StakesContract;
  openTerms(experiment: bigint, terms: Terms): Sent;
  stake(experiment: bigint, learner: string): Sent;
  unstake(experiment: bigint): Sent;
  penalise(experiment: bigint, learner: string): Sent;
  withdraw(experiment: bigint, learner: string): Sent;
  claim(experiment: bigint, learner: string, throughRound: number): Sent;
  refund(experiment: bigint, throughRound: number): Sent;
  ledger(): Promise<string>;
  isStaked(experiment: bigint, learner: string): Promise<boolean>;
  getFund(experiment: bigint): Promise<Fund>;
  getAccount(experiment: bigint, learner: string): Promise<Account>;
}

/** Any of the test tokens: what only one of them has is optional. */
export interface TokenContract extends BaseContract {
  connect(runner: ContractRunner | null): TokenContract;
  mint(to: string, amount: bigint): Sent;
  approve(spender: string, amount: bigint): Sent;
  balanceOf(owner: string): Promise<bigint>;
  fail?(): Sent;
  arm?(payer: string, target: string, call: string): Sent;
  execute?(target: string, call: string): Sent;
  attempts?(): Promise<bigint>;
  refusals?(): Promise<bigint>;
  refusal?(): Promise<string>;
}

type Sent = Promise<ContractTransactionResponse>;

export interface Terms {
  token: string;
  stake: bigint;
  penalty: bigint;
  proposalReward: bigint;
  voteReward: bigint;
}

interface Fund {
  terms: Terms;
  sponsor: string;
  rounds: bigint;
  refundedThrough: bigint;
  forfeited: bigint;
}

interface Account {
  stake: bigint;
  penalised: boolean;
  claimedThrough: bigint;
}
