/** Rounds with sealed ballots, brought as far as a test begins. */
import { Ballot } from "./ledger-contract.ts";
import { HOUR, ID, passDeadline, person, propose, run, seal, type World } from "./world.ts";

export const SEALED = { ballot: Ballot.Sealed, revealWindow: 3 * HOUR };

/** Round 1 waits for sealed votes of all but person 0. */
export async function proposed(learners: number, changes = {}): Promise<World> {
  const world = await run(learners, { ...SEALED, ...changes });
  await propose(world, 0, 1);
  return world;
}

/** The same, with all votes sealed: who is named approves. */
export async function sealed(learners: number, approving: number[], changes = {}): Promise<World> {
  const world = await proposed(learners, changes);
  for (let index = 1; index < learners; index += 1) await seal(world, index, 1, approving.includes(index));
  return world;
}

export async function advanceLate(world: World) {
  await passDeadline(world);
  return await world.ledger.connect(world.stranger).advance(ID);
}

export async function struckOf(world: World, learners: number): Promise<number[]> {
  const indexes = Array.from({ length: learners }, (_, index) => index);
  const seen = await Promise.all(indexes.map((index) => world.ledger.getLearner(ID, person(world, index).address)));
  return indexes.filter((index) => seen[index]!.struck);
}
