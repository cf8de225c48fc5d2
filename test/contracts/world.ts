/** One chain for all tests of the contract, and the steps that they share. */
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { Wallet } from "ethers";
import { network } from "hardhat";

import { RAW, Selection, type Config, type ContentId, type LedgerContract } from "./ledger-contract.ts";

export const { ethers, networkHelpers } = await network.create();
export const time = networkHelpers.time;
export const loadFixture = networkHelpers.loadFixture.bind(networkHelpers);

export const HOUR = 3600;
export const DAY = 24 * HOUR;
/** The first experiment on a fresh ledger: the only one in most tests. */
export const ID = 1n;
export const CONTACT = '["/ip4/192.0.2.1/tcp/4001"]';

/** The score of all votes here, in millionths. */
export const SCORE = 900_000;

/** For experiments in which nothing is drawn, and no invitation is signed. */
export const NO_LINK = ethers.ZeroHash;
export const NO_INVITATION = "0x";

/** Weights that nobody trained, told apart by a name. */
export function weights(name: string | number, codec = RAW): ContentId {
  return { digest: ethers.id(`weights ${name}`), codec };
}

export const INITIAL = weights("initial");

export interface World {
  readonly ledger: LedgerContract;
  readonly coordinator: HardhatEthersSigner;
  /** Not a learner, not the coordinator. */
  readonly stranger: HardhatEthersSigner;
  /** Accounts that may become learners: they join in this order. */
  readonly people: readonly HardhatEthersSigner[];
}

export async function deploy(): Promise<World> {
  const [coordinator, stranger, ...people] = await ethers.getSigners();
  if (coordinator === undefined || stranger === undefined) throw new Error("the chain has too few accounts");
  const ledger = (await ethers.deployContract("CollectiveLearning")) as unknown as LedgerContract;
  return { ledger, coordinator, stranger, people };
}

export async function configOf(changes: Partial<Config> = {}): Promise<Config> {
  return {
    manifest: { digest: ethers.id("manifest"), codec: RAW },
    weights: INITIAL,
    rounds: 10,
    minLearners: 2,
    maxLearners: 256,
    approvalBps: 5000,
    proposeWindow: HOUR,
    voteWindow: 2 * HOUR,
    pauseLimit: DAY,
    enrolmentDeadline: (await time.latest()) + DAY,
    admission: 0,
    selection: 0,
    ballot: 0,
    earlyDecision: false,
    revealWindow: 0,
    stakes: ethers.ZeroAddress,
    ...changes,
  };
}

/**
 * The links of a person's hash chain, for experiments in which proposers are drawn: from the one that it joins with to
 * the last that it could reveal.
 */
export function chainOf(index: number, length = 50): string[] {
  const links = [ethers.id(`secret of person ${index}`)];
  while (links.length < length) links.unshift(ethers.keccak256(links[0]!));
  return links;
}

/** What a person joins with: nothing where nothing is drawn. */
export function firstLink(index: number, selection: number | undefined): string {
  return selection === Selection.Random ? chainOf(index)[0]! : NO_LINK;
}

/** What a person's next proposal reveals: nothing where nothing is drawn. */
async function nextLink(world: World, index: number): Promise<string> {
  const { link } = await world.ledger.getLearner(ID, person(world, index).address);
  if (link === NO_LINK) return NO_LINK;
  const links = chainOf(index);
  return links[links.indexOf(link) + 1]!;
}

/** An experiment that so many joined, in the order of `people`. */
export async function enrol(learners: number, changes: Partial<Config> = {}): Promise<World> {
  const world = await loadFixture(deploy);
  await world.ledger.createExperiment(await configOf(changes));
  for (let index = 0; index < learners; index += 1) {
    await as(world, index).join(ID, CONTACT, firstLink(index, changes.selection), NO_INVITATION);
  }
  return world;
}

/** The same, started: round 1 waits for the proposal of person 0. */
export async function run(learners: number, changes: Partial<Config> = {}): Promise<World> {
  const world = await enrol(learners, changes);
  await world.ledger.startExperiment(ID);
  return world;
}

export function person(world: World, index: number): HardhatEthersSigner {
  const signer = world.people[index];
  if (signer === undefined) throw new Error(`there is no person ${index}`);
  return signer;
}

/**
 * A started experiment of more learners than the chain has accounts: their wallets are of this process. The votes of
 * each 64 lie in a storage slot of their own.
 */
export async function crowd(size: number, changes: Partial<Config> = {}) {
  const world = await deploy();
  await world.ledger.createExperiment(await configOf({ maxLearners: size, ...changes }));
  const wallets: Wallet[] = [];
  for (let index = 0; index < size; index += 1) {
    const wallet = new Wallet(ethers.id(`learner ${index}`), ethers.provider);
    await networkHelpers.setBalance(wallet.address, 10n ** 20n);
    await world.ledger.connect(wallet).join(ID, CONTACT, NO_LINK, NO_INVITATION);
    wallets.push(wallet);
  }
  await world.ledger.startExperiment(ID);
  return { ...world, wallets, ledgers: wallets.map((wallet) => world.ledger.connect(wallet)) };
}

/** The ledger as one person calls it. */
export function as(world: World, index: number): LedgerContract {
  return world.ledger.connect(person(world, index));
}

/** The proposal of a round in these tests. */
export function proposalOf(round: number): ContentId {
  return weights(`of round ${round}`);
}

export async function propose(world: World, index: number, round: number) {
  return await as(world, index).propose(ID, round, proposalOf(round), await nextLink(world, index));
}

export async function vote(world: World, index: number, round: number, approve: boolean) {
  return await as(world, index).vote(ID, round, proposalOf(round).digest, approve, SCORE);
}

/** What a person seals its vote of a round with. */
export function saltOf(index: number, round: number): string {
  return ethers.id(`salt of person ${index} in round ${round}`);
}

export async function seal(world: World, index: number, round: number, approve: boolean) {
  const { digest } = proposalOf(round);
  const voter = person(world, index).address;
  const commitment = await world.ledger.sealOf(ID, round, digest, voter, approve, SCORE, saltOf(index, round));
  return await as(world, index).sealVote(ID, round, digest, commitment);
}

export async function reveal(world: World, index: number, round: number, approve: boolean) {
  const voter = person(world, index).address;
  return await as(world, index).reveal(
    ID,
    round,
    proposalOf(round).digest,
    voter,
    approve,
    SCORE,
    saltOf(index, round),
  );
}

/** A whole round: the votes by person, in order; who is left out is absent. */
export async function play(world: World, proposer: number, round: number, votes: Record<number, boolean>) {
  await propose(world, proposer, round);
  for (const [index, approve] of Object.entries(votes)) await vote(world, Number(index), round, approve);
}

/** Moves the clock to the first second after the deadline in force. */
export async function passDeadline(world: World): Promise<void> {
  const { deadline } = await world.ledger.snapshot(ID, ethers.ZeroAddress);
  await time.increaseTo(deadline + 1n);
}

/** A set of learners as the contract writes it. */
export function setOf(...indexes: number[]): bigint {
  return indexes.reduce((set, index) => set | (1n << BigInt(index)), 0n);
}

export async function snapshot(world: World, learner: string = ethers.ZeroAddress) {
  return await world.ledger.snapshot(ID, learner);
}
