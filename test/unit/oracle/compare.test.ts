import { expect } from "chai";

import { compare } from "../../../scripts/oracle/compare.ts";
import { approvalBpsOf, drawExperiments, type ScriptedExperiment } from "../../../scripts/oracle/experiments.ts";
import { playOurs, type PlayedRound } from "../../../scripts/oracle/ours.ts";

/** Learner 0 proposes what is better for learner 1 and worse for learner 2. */
const experiment: ScriptedExperiment = {
  rounds: 1,
  direction: "maximise",
  threshold: 0.5,
  scores: [
    [0, 1],
    [0, 1],
    [1, 0],
  ],
};
const round: PlayedRound = { proposer: 0, votes: [null, true, false], scores: [1, 1, 0], accepted: true };

function differences(theirs: PlayedRound): readonly string[] {
  return compare([experiment], [[round]], [[theirs]]).differences;
}

describe("comparing two drivers", () => {
  it("plays a scripted experiment under our driver, where half of the voters are enough for a threshold of a half", async () => {
    expect(await playOurs(experiment, false)).to.deep.equal([round]);
  });

  it("finds nothing where both made the same of an experiment", () => {
    const { differences, partings, rounds, accepted, atThreshold } = compare([experiment], [[round]], [[round]]);
    expect(differences).to.deep.equal([]);
    expect(partings).to.deep.equal([]);
    expect({ rounds, accepted, atThreshold }).to.deep.equal({ rounds: 1, accepted: 1, atThreshold: 1 });
  });

  it("finds another proposer, another vote, another score, another outcome and a missing round", () => {
    expect(differences({ ...round, proposer: 1 })).to.include("experiment 0, round 1: proposer 0 and 1");
    expect(differences({ ...round, votes: [null, true, true] })).to.have.length(1);
    expect(differences({ ...round, scores: [1, 1, 1] })).to.have.length(1);
    expect(differences({ ...round, accepted: false })).to.deep.equal([
      "experiment 0, round 1: accepted true and false",
    ]);
    expect(compare([experiment], [[round]], [[]]).differences).to.have.length(1);
  });

  it("explains another outcome by the proposer's own vote only if that vote makes it", () => {
    const disapproving: PlayedRound = { ...round, votes: [false, true, false], accepted: false };
    const { differences: unexplained, partings } = compare([experiment], [[round]], [[disapproving]]);
    expect(unexplained).to.deep.equal([]);
    expect(partings).to.deep.equal([
      {
        ...{ experiment: 0, round: 1, voters: 2, approvals: 1 },
        ...{ ownVote: false, acceptedByUs: true, acceptedByThem: false },
      },
    ]);
    expect(differences({ ...disapproving, votes: [true, true, false] })).to.have.length(1);
  });

  it("draws the same experiments for the same seed, with ties, rises and falls", () => {
    const drawn = drawExperiments(100, 1);
    expect(drawn).to.deep.equal(drawExperiments(100, 1));
    expect(drawn).to.not.deep.equal(drawExperiments(100, 2));
    const learners = drawn.map(({ scores }) => scores.length);
    expect([Math.min(...learners), Math.max(...learners)]).to.deep.equal([2, 7]);
    const steps = drawn.flatMap(({ scores }) =>
      scores.flatMap((row) => row.slice(1).map((score, at) => Math.sign(score - (row[at] ?? NaN)))),
    );
    for (const sign of [-1, 0, 1]) expect(steps.filter((step) => step === sign).length).to.be.greaterThan(500);
  });

  it("writes a share that is to be reached as one to be exceeded, for every number of voters drawn", () => {
    for (const threshold of new Set(drawExperiments(200, 1).map((drawn) => drawn.threshold))) {
      for (let voters = 1; voters <= 6; voters++) {
        for (let approvals = 0; approvals <= voters; approvals++) {
          const exceeded = approvals * 10_000 > approvalBpsOf(threshold) * voters;
          expect(exceeded, `${approvals} of ${voters} at ${threshold}`).to.equal(approvals >= voters * threshold);
        }
      }
    }
  });
});
