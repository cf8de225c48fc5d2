/** What the tests of stakes share: an experiment that names a stakes contract, and people with tokens. */
import type { Config } from "./ledger-contract.ts";
import type { StakesContract, Terms, TokenContract } from "./stakes-contract.ts";
import {
  as,
  configOf,
  CONTACT,
  deploy,
  ethers,
  ID,
  loadFixture,
  NO_INVITATION,
  NO_LINK,
  passDeadline,
  person,
  type World,
} from "./world.ts";

export const STAKE = 1_000n;
export const PENALTY = 300n;
export const PROPOSAL_REWARD = 50n;
/** Not divisible by the voters of these tests, so that dust is left. */
export const VOTE_REWARD = 20n;
export const PER_ROUND = PROPOSAL_REWARD + VOTE_REWARD;
export const ROUNDS = 4;
const PURSE = 100_000n;
const PEOPLE = 5;

export interface StakesWorld extends World {
  readonly stakes: StakesContract;
  readonly token: TokenContract;
  readonly terms: Terms;
}

/** A ledger, its stakes contract and everybody's tokens, approved. No experiment yet. */
async function fund(tokenName: string): Promise<StakesWorld> {
  const world = await deploy();
  const stakes = (await ethers.deployContract("Stakes", [
    await world.ledger.getAddress(),
  ])) as unknown as StakesContract;
  const token = (await ethers.deployContract(tokenName)) as unknown as TokenContract;
  for (const holder of [world.coordinator, world.stranger, ...world.people.slice(0, PEOPLE)]) {
    await token.mint(holder.address, PURSE);
    await token.connect(holder).approve(await stakes.getAddress(), PURSE);
  }
  const terms: Terms = {
    token: await token.getAddress(),
    stake: STAKE,
    penalty: PENALTY,
    proposalReward: PROPOSAL_REWARD,
    voteReward: VOTE_REWARD,
  };
  return { ...world, stakes, token, terms };
}

const worlds = {
  PlainToken: () => fund("PlainToken"),
  FeeToken: () => fund("FeeToken"),
  FalseToken: () => fund("FalseToken"),
  ReentrantToken: () => fund("ReentrantToken"),
};

/** An experiment that names the stakes contract; its terms are not open. */
export async function created(
  changes: Partial<Config> = {},
  token: keyof typeof worlds = "PlainToken",
): Promise<StakesWorld> {
  const world = await loadFixture(worlds[token]);
  const stakes = await world.stakes.getAddress();
  await world.ledger.createExperiment(await configOf({ rounds: ROUNDS, stakes, ...changes }));
  return world;
}

/** The same with its terms open. */
export async function opened(
  termChanges: Partial<Terms> = {},
  changes: Partial<Config> = {},
  token: keyof typeof worlds = "PlainToken",
): Promise<StakesWorld> {
  const world = await created(changes, token);
  await world.stakes.openTerms(ID, { ...world.terms, ...termChanges });
  return world;
}

/** The same, started, with so many learners that staked. */
export async function running(
  learners: number,
  termChanges: Partial<Terms> = {},
  token: keyof typeof worlds = "PlainToken",
): Promise<StakesWorld> {
  const world = await opened(termChanges, {}, token);
  for (let index = 0; index < learners; index += 1) {
    if ((termChanges.stake ?? STAKE) > 0n) await stakesAs(world, index).stake(ID, person(world, index).address);
    await join(world, index);
  }
  await world.ledger.startExperiment(ID);
  return world;
}

export async function join(world: World, index: number) {
  return await as(world, index).join(ID, CONTACT, NO_LINK, NO_INVITATION);
}

/** The stakes contract as one person calls it. */
export function stakesAs(world: StakesWorld, index: number): StakesContract {
  return world.stakes.connect(person(world, index));
}

export async function advanceLate(world: World) {
  await passDeadline(world);
  return await world.ledger.connect(world.stranger).advance(ID);
}

/** Nobody does anything any more, until the experiment is complete. */
export async function runOut(world: World): Promise<void> {
  while ((await world.ledger.snapshot(ID, ethers.ZeroAddress)).deadline !== 0n) await advanceLate(world);
}

export async function held(world: StakesWorld): Promise<bigint> {
  return await world.token.balanceOf(await world.stakes.getAddress());
}

/** What a person has more than at the beginning. */
export async function gain(world: StakesWorld, holder: { address: string }): Promise<bigint> {
  return (await world.token.balanceOf(holder.address)) - PURSE;
}
