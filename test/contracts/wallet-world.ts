/** A round in which a voter is a contract. */
import type { BaseContract } from "ethers";

import type { Cast } from "./signatures.ts";
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
  propose,
  SCORE,
  type World,
} from "./world.ts";

interface Wallet extends BaseContract {
  send(target: string, call: string): Promise<unknown>;
}

/** Persons 0, 1 and 2 are learners, and a contract with index 3; round 1 waits for votes. */
export async function withWallet(name: string, ...args: unknown[]): Promise<World> {
  const world = await loadFixture(deploy);
  await world.ledger.createExperiment(await configOf());
  for (const index of [0, 1, 2]) await as(world, index).join(ID, CONTACT, NO_LINK, NO_INVITATION);
  const wallet = (await ethers.deployContract(name, args)) as unknown as Wallet;
  const join = world.ledger.interface.encodeFunctionData("join", [ID, CONTACT, NO_LINK, NO_INVITATION]);
  await wallet.send(await world.ledger.getAddress(), join);
  await world.ledger.startExperiment(ID);
  await propose(world, 0, 1);
  return world;
}

/** The contract's vote: its signature is the one at this position among the contracts'. */
export function castByWallet(position: number, approve = true): Cast {
  return {
    index: 3,
    approve,
    signed: { score: SCORE, r: ethers.toBeHex(position, 32), vs: ethers.ZeroHash },
  };
}
