/** The gas of what is sent for others by their signatures. */
import type { BaseContract, ContractTransactionResponse } from "ethers";

import { CONTACT, contentIdOf, Experiment, gasOf, ID, SCORE } from "./experiment.ts";
import type { Steps } from "./figures.ts";

interface Wallet extends BaseContract {
  send(target: string, call: string): Promise<ContractTransactionResponse>;
}

/** One batch of all votes, in round 2: settling and the opening of round 3 included. */
async function measureBatch(voters: number, listed: boolean): Promise<{ propose: number; batch: number }> {
  const experiment = await Experiment.run(voters);
  await experiment.play(1);
  const propose = await experiment.propose(2);
  const batch = await sendBatch(experiment, 2, listed);
  await experiment.close();
  return { propose, batch };
}

async function sendBatch(experiment: Experiment, round: number, listed: boolean): Promise<number> {
  const voters = await experiment.voters();
  const votes = await experiment.sign(voters, round);
  const set = voters.reduce((bits, voter) => bits | (1n << BigInt(experiment.learners.indexOf(voter))), 0n);
  const learners = listed ? experiment.learners.map(({ address }) => address) : [];
  const { digest } = contentIdOf(round);
  return await gasOf(experiment.ledger.castVotesBySig(ID, round, digest, set, set, votes, [], learners));
}

export async function measureBatches(): Promise<{ steps: Steps; rounds: Steps }> {
  const steps: Steps = {};
  const rounds: Steps = {};
  for (const voters of [1, 10, 50, 255]) {
    const { propose, batch } = await measureBatch(voters, true);
    steps[`batch of ${voters}`] = batch;
    steps[`batch of ${voters}, a vote`] = Math.round(batch / voters);
    if (voters === 10) rounds["relayed round of 10: one proposal, one batch"] = propose + batch;
  }
  const { batch } = await measureBatch(50, false);
  steps["batch of 50 without the list of learners"] = batch;
  steps["batch of 50 without the list, a vote"] = Math.round(batch / 50);
  steps["batch of 10, one vote by a contract (ERC-1271)"] = await measureContractVote();
  return { steps, rounds };
}

/** Ten votes, of which the last is by a wallet contract that checks its owner's signature. */
async function measureContractVote(): Promise<number> {
  const experiment = await Experiment.deploy(9);
  const { ethers, ledger, learners } = experiment;
  await experiment.create();
  for (const learner of learners) await experiment.join(learner);
  const [owner] = learners;
  if (owner === undefined) throw new Error("there is no owner");
  const wallet = (await ethers.deployContract("OwnedWallet", [owner.address])) as unknown as Wallet;
  const address = await wallet.getAddress();
  const join = ledger.interface.encodeFunctionData("join", [ID, CONTACT, ethers.ZeroHash, "0x"]);
  await gasOf(wallet.send(await ledger.getAddress(), join));
  await experiment.start();

  await experiment.play(1);
  await experiment.passWindow();
  await experiment.advance();
  await experiment.propose(2);
  const voters = await experiment.voters();
  const votes = await experiment.sign(voters, 2);
  // The wallet signs by its owner's hand: the same message, with the wallet as the voter.
  const signer = { address, signTypedData: owner.signTypedData.bind(owner) } as typeof owner;
  const [signed] = await experiment.sign([signer], 2);
  if (signed === undefined) throw new Error("the wallet did not sign");
  const signature = ethers.Signature.from({ r: signed.r, yParityAndS: signed.vs }).serialized;
  votes.push({ score: SCORE, r: ethers.ZeroHash, vs: ethers.ZeroHash });
  const members = [...learners.map((learner) => learner.address), address];
  const addresses = [...voters.map((voter) => voter.address), address];
  const set = addresses.reduce((bits, voter) => bits | (1n << BigInt(members.indexOf(voter))), 0n);
  const { digest } = contentIdOf(2);
  const gas = await gasOf(ledger.castVotesBySig(ID, 2, digest, set, set, votes, [signature], members));
  const { approvals } = await ledger.getRound(ID, 2);
  if (approvals !== set) throw new Error("a vote of the batch did not count");
  await experiment.close();
  return gas;
}

/** Calls that a learner signed, beside the same that it sends itself. */
export async function measureCalls(): Promise<Steps> {
  const experiment = await Experiment.deploy(10);
  const { ethers, ledger, learners } = experiment;
  await experiment.create();
  const [sender, ...others] = learners;
  if (sender === undefined) throw new Error("there is no sender");
  await experiment.join(sender);
  const join = ledger.interface.encodeFunctionData("join", [ID, CONTACT, ethers.ZeroHash, "0x"]);
  let joinBySignature = 0;
  for (const learner of others) joinBySignature = await experiment.execute(learner, join);
  await experiment.start();
  await experiment.play(1);
  // The second call by a learner: its nonce is not new any more.
  const propose = ledger.interface.encodeFunctionData("propose", [ID, 2, contentIdOf(2), ethers.ZeroHash]);
  const proposeBySignature = await experiment.execute(await experiment.proposer(), propose);
  await experiment.close();
  return { "join, by signature": joinBySignature, "propose, by signature": proposeBySignature };
}
