import { expect } from "chai";

import { runLocal, scoreCurrent, trainAlone } from "../../../src/learning/local-driver.ts";
import type { LocalExperiment, LocalRound } from "../../../src/learning/local-driver.ts";
import { PlusOneLearner, valueOf } from "./plus-one-learner.ts";

async function run(experiment: Partial<LocalExperiment> & Pick<LocalExperiment, "learners">): Promise<LocalRound[]> {
  const records: LocalRound[] = [];
  for await (const record of runLocal({ rounds: 1, approvalBps: 5000, ...experiment })) records.push(record);
  return records;
}

const yes = (): boolean => true;
const no = (): boolean => false;
const learnersThat = (...votes: (() => boolean)[]): PlusOneLearner[] => votes.map((vote) => new PlusOneLearner(vote));
const valuesOf = (learners: PlusOneLearner[]): Promise<number[]> =>
  Promise.all(learners.map(async (learner) => valueOf(await learner.currentWeights())));

describe("the local driver", () => {
  it("lets the learners propose in turn, the first one in round 1", async () => {
    const rounds = await run({ learners: learnersThat(yes, yes, yes), rounds: 5 });
    expect(rounds.map(({ round }) => round)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(rounds.map(({ proposer }) => proposer)).to.deep.equal([0, 1, 2, 0, 1]);
  });

  it("makes accepted weights everyone's, so that n accepted rounds add n", async () => {
    const learners = learnersThat(yes, yes, yes);
    const rounds = await run({ learners, rounds: 4 });
    expect(rounds.map(({ outcome }) => outcome)).to.deep.equal(Array(4).fill("accepted"));
    expect(await valuesOf(learners)).to.deep.equal([4, 4, 4]);
  });

  it("discards rejected weights, the proposer's own included", async () => {
    const learners = learnersThat(yes, no, no);
    const [first] = await run({ learners, rounds: 1 });
    expect(first?.outcome).to.equal("rejected");
    expect(await valuesOf(learners)).to.deep.equal([0, 0, 0]);
  });

  it("gives the proposer no vote: one of two others is a tie and rejects", async () => {
    const [first] = await run({ learners: learnersThat(yes, yes, no) });
    expect(first?.votes.map(({ approve }) => approve)).to.deep.equal([null, true, false]);
    expect(first?.outcome).to.equal("rejected");
  });

  it("accepts the same tie at 4999 basis points", async () => {
    const [first] = await run({ learners: learnersThat(yes, yes, no), approvalBps: 4999 });
    expect(first?.outcome).to.equal("accepted");
  });

  it("records every learner's scores of the proposal, the proposer's included", async () => {
    const [first] = await run({ learners: learnersThat(yes, no) });
    expect(first?.votes).to.deep.equal([
      { learner: 0, approve: null, voteScore: 0.1, testScore: 0.01 },
      { learner: 1, approve: false, voteScore: 0.1, testScore: 0.01 },
    ]);
  });

  it("goes on after a rejected round with the next proposer and the old weights", async () => {
    const onlyInRoundTwo = (): ((value: number) => boolean) => {
      let asked = 0;
      return () => ++asked === 2;
    };
    const learners = [new PlusOneLearner(onlyInRoundTwo()), new PlusOneLearner(onlyInRoundTwo())];
    const rounds = await run({ learners, rounds: 2 });
    expect(rounds.map(({ outcome }) => outcome)).to.deep.equal(["rejected", "accepted"]);
    expect(learners[1]?.calls).to.deep.equal(["test 1", "propose 2", "test 1", "accept 1"]);
  });

  it("refuses a single learner", async () => {
    const error = await run({ learners: learnersThat(yes) }).catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "too-few-learners");
  });

  it("stops between rounds when called off", async () => {
    const controller = new AbortController();
    const rounds = runLocal({
      learners: learnersThat(yes, yes),
      rounds: 3,
      approvalBps: 5000,
      signal: controller.signal,
    });
    expect((await rounds.next()).done).to.be.false;
    controller.abort();
    const error = await rounds.next().catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "aborted");
  });
});

describe("the scores of the current weights", () => {
  it("come in the learners' order and change nothing", async () => {
    const learners = learnersThat(yes, no);
    expect(await scoreCurrent(learners)).to.deep.equal(Array(2).fill({ voteScore: 0, testScore: 0 }));
    expect(await valuesOf(learners)).to.deep.equal([0, 0]);
  });
});

describe("training alone", () => {
  it("gives each learner as many proposals as the experiment has rounds, always its own", async () => {
    const learners = learnersThat(no, no);
    const progress: string[] = [];
    const scores = await trainAlone({
      learners,
      rounds: 3,
      onProgress: (done, total) => progress.push(`${done}/${total}`),
    });
    expect(await valuesOf(learners)).to.deep.equal([3, 3]);
    expect(scores).to.deep.equal(Array(2).fill({ voteScore: 0.3, testScore: 0.03 }));
    expect(progress.at(-1)).to.equal("6/6");
    expect(learners[0]?.calls.filter((call) => call.startsWith("propose"))).to.deep.equal([
      "propose 1",
      "propose 2",
      "propose 3",
    ]);
  });
});
