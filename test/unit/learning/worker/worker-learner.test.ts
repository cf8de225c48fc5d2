import { threadId } from "node:worker_threads";

import { expect } from "chai";

import { ColearnError, UserError } from "../../../../src/errors.ts";
import type { WorkerLearner, WorkerLearnerOptions } from "../../../../src/learning/worker/worker-learner.ts";
import { startWorkerLearner } from "../../../../src/learning/worker/worker-learner.ts";
import { valueOf, weightsOf } from "../plus-one-learner.ts";
import { plainModel, tinyLearner, useCpu } from "../tfjs/tiny.ts";
import type { FixtureOptions } from "./moods.ts";
import { rounds } from "./moods.ts";

const module = new URL("./fixture.ts", import.meta.url);

async function errorOf(promise: Promise<unknown>): Promise<Error & { code?: string; remedy?: string }> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(Error);
  return error as Error;
}

describe("a learner in a worker thread", function () {
  this.timeout(30_000);
  const learners: WorkerLearner[] = [];
  const start = async (
    options: FixtureOptions = {},
    more: Partial<WorkerLearnerOptions> = {},
  ): Promise<WorkerLearner> => {
    const learner = await startWorkerLearner({ module, options, ...more });
    learners.push(learner);
    return learner;
  };
  afterEach(async () => {
    for (const learner of learners.splice(0)) await learner.dispose();
  });

  it("runs in another thread and tells of itself", async () => {
    const { info } = await start();
    expect(info).to.have.property("threadId").that.is.a("number").and.not.equal(threadId);
  });

  it("answers every call of the interface", async () => {
    const learner = await start();
    const proposal = await learner.proposeWeights(1);
    expect(proposal).to.deep.equal(weightsOf(1));
    expect(await learner.testWeights(proposal)).to.deep.equal({ voteScore: 0.1, testScore: 0.01, vote: true });
    await learner.acceptWeights(proposal);
    expect(await learner.currentWeights()).to.deep.equal(weightsOf(1));
    expect(await learner.currentModel()).to.deep.equal({ format: "plus-one", topology: null, weights: weightsOf(1) });
  });

  it("leaves the caller's weights to the caller", async () => {
    const learner = await start();
    const weights = weightsOf(5);
    await learner.testWeights(weights);
    await learner.acceptWeights(weights);
    expect(valueOf(weights)).to.equal(5);
  });

  it("passes progress on", async () => {
    const seen: string[] = [];
    await (await start()).proposeWeights(1, { onProgress: (done, total) => seen.push(`${done}/${total}`) });
    expect(seen).to.deep.equal(["1/2", "2/2"]);
  });

  it("proposes the same weights, bit for bit, as the learner does in this thread", async () => {
    await useCpu();
    const here = await tinyLearner({ model: plainModel(), stepsPerProposal: 100 });
    const there = await start({ learner: "tiny" });
    const proposal = await there.proposeWeights(3);
    expect(proposal).to.deep.equal(await here.proposeWeights(3));
    expect(await there.testWeights(proposal)).to.deep.equal(await here.testWeights(proposal));
    await here.dispose();
  });

  it("keeps this thread free while it trains", async () => {
    const learner = await start();
    let turns = 0;
    const timer = setInterval(() => turns++, 10);
    // Its thread is busy for a second and a half without a pause: here, that would be not one turn.
    await learner.proposeWeights(rounds.busy);
    clearInterval(timer);
    expect(turns).to.be.greaterThan(10);
  });

  describe("passes errors on", () => {
    it("of this project, with code, message and remedy, and goes on", async () => {
      const learner = await start();
      const error = await errorOf(learner.proposeWeights(rounds.throwColearnError));
      expect(error).to.be.instanceOf(ColearnError);
      expect(error).to.include({ code: "no-mood", message: "not today", remedy: "ask tomorrow" });
      expect(await learner.proposeWeights(1)).to.deep.equal(weightsOf(1));
    });

    it("that are defects, with their message and where they come from, and goes on", async () => {
      const learner = await start();
      const error = await errorOf(learner.proposeWeights(rounds.throwDefect));
      expect(error).not.to.be.instanceOf(ColearnError);
      expect(error.message).to.equal("a defect");
      expect(error.stack).to.contain("fixture.ts");
      expect(await learner.proposeWeights(1)).to.deep.equal(weightsOf(1));
    });

    it("of the person at the keyboard, from the start", async () => {
      const error = await errorOf(start({ start: "user-error" }));
      expect(error).to.be.instanceOf(UserError);
      expect(error).to.include({ code: "data-missing", message: "there is no folder x", remedy: "make one" });
    });

    it("that are defects, from the start", async () => {
      expect((await errorOf(start({ start: "defect" }))).message).to.equal("a defect at the start");
    });
  });

  describe("stops a call that is called off", () => {
    it("while it runs, and goes on", async () => {
      const learner = await start();
      const controller = new AbortController();
      const onProgress = (): void => controller.abort();
      const error = await errorOf(
        learner.proposeWeights(rounds.untilAborted, { signal: controller.signal, onProgress }),
      );
      expect(error).to.have.property("code", "aborted");
      expect(await learner.proposeWeights(1)).to.deep.equal(weightsOf(1));
    });

    it("in the middle of a training", async () => {
      const learner = await start({ learner: "tiny" });
      const controller = new AbortController();
      let last = 0;
      const onProgress = (done: number): void => {
        last = done;
        controller.abort();
      };
      const error = await errorOf(learner.proposeWeights(1, { signal: controller.signal, onProgress }));
      expect(error).to.have.property("code", "aborted");
      expect(last).to.be.lessThan(100);
    });

    it("before it has begun", async () => {
      const error = await errorOf((await start()).proposeWeights(1, { signal: AbortSignal.abort() }));
      expect(error).to.have.property("code", "aborted");
    });
  });

  describe("fails what is in hand with learner-crashed", () => {
    for (const [title, round] of [
      ["when the thread throws outside of any call", rounds.crash],
      ["when the thread exits", rounds.exit],
    ] as const) {
      it(`${title}, and starts again with the weights accepted last`, async () => {
        const warnings: string[] = [];
        const learner = await start({}, { logger: { warn: (message) => warnings.push(message) } });
        await learner.acceptWeights(weightsOf(7));
        await errorOf(learner.acceptWeights(weightsOf(-1)));
        const inHand = [learner.proposeWeights(rounds.untilAborted), learner.proposeWeights(round)];
        for (const error of await Promise.all(inHand.map(errorOf)))
          expect(error).to.have.property("code", "learner-crashed");
        expect(await Promise.all([learner.currentWeights(), learner.proposeWeights(2)])).to.deep.equal([
          weightsOf(7),
          weightsOf(8),
        ]);
        expect(warnings).to.have.lengthOf(1);
      });
    }

    it("when the thread ends before its learner is there", async () => {
      expect(await errorOf(start({ start: "exit" }))).to.have.property("code", "learner-crashed");
    });

    it("when there is no such module", async () => {
      const missing = new URL("./no-such-module.ts", import.meta.url);
      expect(await errorOf(start({}, { module: missing }))).to.have.property("code", "learner-crashed");
    });
  });

  it("stops the thread at once when its own signal fires, and does not start again", async () => {
    const controller = new AbortController();
    const learner = await start({}, { signal: controller.signal });
    const inHand = errorOf(learner.proposeWeights(rounds.untilAborted));
    controller.abort();
    expect(await inHand).to.have.property("code", "aborted");
    expect(await errorOf(learner.proposeWeights(1))).to.have.property("code", "aborted");
  });

  it("refuses to work after it was disposed of", async () => {
    const learner = await start();
    await learner.dispose();
    await learner.dispose();
    expect(await errorOf(learner.proposeWeights(1))).to.have.property("code", "learner-disposed");
  });
});
