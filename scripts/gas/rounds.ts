/** The gas of what an experiment without stakes does: setting up, rounds with either ballot, waiting in vain. */
import { signInvitation } from "../../src/ledger/signed-invitation.ts";
import { Experiment, ID } from "./experiment.ts";
import type { Steps } from "./figures.ts";

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}

/** The first of several, one between, and the last. */
function ends(figures: readonly number[]): [first: number, steady: number, last: number] {
  return [figures[0] ?? 0, figures[1] ?? 0, figures.at(-1) ?? 0];
}

/** A learner that is not the first, so that nothing is new but what is its own. */
async function joinSecond(experiment: Experiment, invitation?: string): Promise<number> {
  const [first, second] = experiment.learners;
  if (first === undefined || second === undefined) throw new Error("there are too few learners");
  await experiment.join(first, invitation);
  const gas = await experiment.join(
    second,
    invitation === undefined ? undefined : await invite(experiment, second.address),
  );
  await experiment.close();
  return gas;
}

async function invite(experiment: Experiment, learner: string): Promise<string> {
  const [coordinator] = experiment.learners;
  if (coordinator === undefined) throw new Error("there is no coordinator");
  return await signInvitation(coordinator, await experiment.domain(), ID, learner);
}

export async function measureSetUp(): Promise<Steps> {
  const plain = await Experiment.deploy(1);
  const deploy = Number((await plain.ledger.deploymentTransaction()?.wait())?.gasUsed ?? 0);
  const create = await plain.create();
  const join = await joinSecond(plain);

  const random = await Experiment.deploy(1, { random: true });
  await random.create();
  const joinRandom = await joinSecond(random);

  const invited = await Experiment.deploy(1, { invited: true });
  await invited.create();
  const joinInvited = await joinSecond(invited, await invite(invited, invited.learners[0]?.address ?? ""));

  const ten = await Experiment.deploy(10);
  await ten.create();
  for (const learner of ten.learners) await ten.join(learner);
  const start = await ten.start();
  await ten.close();
  return {
    deploy,
    create,
    join,
    "join, where proposers are drawn": joinRandom,
    "join, by a signed invitation": joinInvited,
    start,
  };
}

/** From the second round on: the first writes slots that later ones use again. */
export async function measureOpenRounds(): Promise<{ steps: Steps; waits: Steps; rounds: Steps }> {
  const ten = await Experiment.run(10);
  await ten.play(1);
  const second = await ten.play(2);
  for (let round = 3; round < 200; round += 1) await ten.play(round);
  const twoHundredth = await ten.play(200);
  await ten.passWindow();
  const skip = await ten.advance();
  const voters = await ten.voters();
  await ten.propose(202);
  for (const voter of voters.slice(1)) await ten.vote(voter, 202);
  await ten.passWindow();
  const settle = await ten.advance();
  await ten.close();

  const random = await Experiment.run(10, { random: true });
  await random.play(1);
  const drawn = await random.play(2);
  await random.close();

  const [first, steady, last] = ends(second.votes);
  const rounds: Steps = {};
  for (const count of [4, 10, 50]) {
    const experiment = await Experiment.run(count);
    await experiment.play(1);
    const { propose, votes } = await experiment.play(2);
    rounds[`open round of ${count}`] = propose + sum(votes);
    await experiment.close();
  }
  return {
    steps: {
      propose: second.propose,
      "propose, where proposers are drawn": drawn.propose,
      "vote, first": first,
      vote: steady,
      "vote, last: settles, opens the next round": last,
      "vote, last, where proposers are drawn": ends(drawn.votes)[2],
    },
    waits: { "advance, skipping a round": skip, "advance, settling without one vote": settle },
    rounds: {
      ...rounds,
      "round 2, open, of 10": second.propose + sum(second.votes),
      "round 200, open, of 10": twoHundredth.propose + sum(twoHundredth.votes),
    },
  };
}

/** In round 3, when everybody has sealed a vote before: commitments are overwritten. */
export async function measureSealedRounds(): Promise<{ steps: Steps; waits: Steps; rounds: Steps }> {
  const ten = await Experiment.run(10, { sealed: true });
  const fresh = await ten.play(1);
  await ten.play(2);
  const third = await ten.play(3);
  const [, voter] = await ten.voters();
  if (voter === undefined) throw new Error("there is no voter");
  await ten.propose(4);
  await ten.sealVote(voter, 4);
  await ten.passWindow();
  const openReveal = await ten.advance();
  await ten.close();

  const [seal, reveal] = [ends(third.votes), ends(third.reveals)];
  return {
    steps: {
      "seal, a learner's first": ends(fresh.votes)[1],
      "seal, first of a round": seal[0],
      seal: seal[1],
      "seal, last: opens the reveal": seal[2],
      "reveal, first": reveal[0],
      reveal: reveal[1],
      "reveal, last: settles, opens the next round": reveal[2],
    },
    waits: { "advance, opening the reveal": openReveal },
    rounds: { "sealed round of 10": third.propose + sum(third.votes) + sum(third.reveals) },
  };
}
