/** The gas of stakes and rewards, in an experiment of ten voters that asks for them. */
import type { StakesContract, TokenContract } from "../../test/contracts/stakes-contract.ts";
import { Experiment, gasOf, HOUR, ID } from "./experiment.ts";
import type { Steps } from "./figures.ts";

const AMOUNT = 10n ** 18n;
const ROUNDS = 11;

export async function measureStakes(): Promise<Steps> {
  const experiment = await Experiment.deploy(10);
  const { ethers, learners, ledger } = experiment;
  const stakes = (await ethers.deployContract("Stakes", [await ledger.getAddress()])) as unknown as StakesContract;
  const deploy = Number((await stakes.deploymentTransaction()?.wait())?.gasUsed ?? 0);
  const address = await stakes.getAddress();
  const token = (await ethers.deployContract("PlainToken")) as unknown as TokenContract;
  for (const learner of learners) {
    await token.mint(learner.address, 1000n * AMOUNT);
    await token.connect(learner).approve(address, ethers.MaxUint256);
  }
  const [coordinator, second, third] = learners;
  if (coordinator === undefined || second === undefined || third === undefined) throw new Error("too few learners");

  await experiment.create({ rounds: ROUNDS, stakes: address });
  const terms = {
    token: await token.getAddress(),
    stake: AMOUNT,
    penalty: AMOUNT,
    proposalReward: AMOUNT,
    voteReward: AMOUNT,
  };
  const openTerms = await gasOf(stakes.openTerms(ID, terms));
  let [stake, join, unstake] = [0, 0, 0];
  for (const learner of learners) {
    stake = await gasOf(stakes.connect(learner).stake(ID, learner.address));
    if (learner === third) {
      unstake = await gasOf(stakes.connect(learner).unstake(ID));
      await stakes.connect(learner).stake(ID, learner.address);
    }
    join = await experiment.join(learner);
  }
  await experiment.start();
  for (let round = 1; round < ROUNDS; round += 1) await experiment.play(round);
  const claimOne = await gasOf(stakes.claim(ID, second.address, 1));
  const claimTen = await gasOf(stakes.claim(ID, third.address, 10));
  // The last round is skipped, and with it the experiment ends.
  await experiment.time.increase(HOUR + 1);
  await experiment.advance();
  const withdraw = await gasOf(stakes.withdraw(ID, second.address));
  const refundTen = await gasOf(stakes.refund(ID, 10));
  const refundOne = await gasOf(stakes.refund(ID, ROUNDS));
  await experiment.close();
  return {
    deploy,
    "open the terms": openTerms,
    stake,
    unstake,
    "join, with a stake": join,
    "claim one round": claimOne,
    "claim ten rounds": claimTen,
    withdraw,
    "refund one round": refundOne,
    "refund ten rounds": refundTen,
  };
}
