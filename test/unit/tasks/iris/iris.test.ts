import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { UserError } from "../../../../src/errors.ts";
import { useBackend } from "../../../../src/learning/tfjs/backend.ts";
import { irisFlowers } from "../../../../src/tasks/iris/flowers.ts";
import { iris, irisMlp } from "../../../../src/tasks/iris/iris.ts";
import { loadShard as load, type ShardOptions } from "../../../../src/tasks/shard.ts";

const loadShard = (options: ShardOptions) => load(irisFlowers, {}, options);
const shard: ShardOptions = { index: 0, learners: 1, split: "iid", seed: 42, trainRatio: 0.6 };

describe("the task iris", () => {
  before(() => useBackend("wasm"));

  it("has 150 flowers, 50 of each species", async () => {
    const { train, vote, test } = await loadShard(shard);
    const species = [train, vote, test].flatMap((samples) => [...(samples?.targets ?? [])]);
    expect(species.length).to.equal(150);
    for (const label of [0, 1, 2]) expect(species.filter((one) => one === label).length).to.equal(50);
    expect([train.targets.length, vote.targets.length, test?.targets.length]).to.deep.equal([90, 30, 30]);
  });

  it("begins with an empty forest of colearn's settings, and grows a tree with each proposal", async () => {
    expect(iris.defaults).to.include({ treesPerProposal: 1, maxDepth: 2 });
    const { format, weights } = await iris.createModel({}, 42);
    expect(format).to.equal("random-forest");
    const learner = await iris.createLearner({ params: {}, shard, seed: 42, metric: iris.metric });
    let current = weights;
    const scores: number[] = [];
    for (let round = 1; round <= 15; round++) {
      const proposal = await learner.proposeWeights(round);
      const { vote, testScore } = await learner.testWeights(proposal);
      scores.push(testScore);
      expect(proposal.tensors.map(({ shape }) => shape)).to.deep.equal(current.tensors.map(({ shape }) => shape));
      if (vote) await learner.acceptWeights((current = proposal));
    }
    expect(scores.at(-1)).to.be.below(0.35);
    await learner.dispose();
  });

  describe("with a folder of one's own", () => {
    let folder: string;
    before(async () => (folder = await mkdtemp(join(tmpdir(), "colearn-iris-"))));
    after(() => rm(folder, { recursive: true }));

    const read = async (text: string) => {
      await writeFile(join(folder, "iris.data"), text);
      return loadShard({ ...shard, dataDir: folder });
    };

    it("reads the file as the UCI repository has it", async () => {
      const line = "5.1,3.5,1.4,0.2,Iris-setosa\n";
      const { train } = await read(`${line.repeat(5)}6.3,3.3,6.0,2.5,Iris-virginica\n\n`);
      expect(train.targets.length).to.equal(3);
      expect([...train.inputs].slice(0, 1).every((length) => length > 4)).to.be.true;
    });

    for (const line of [
      "5.1,3.5,1.4,Iris-setosa",
      "5.1,3.5,1.4,0.2,Iris-rosa",
      "5.1,,1.4,0.2,setosa",
      "a,b,c,d,setosa",
    ]) {
      it(`names the line ${line}`, async () => {
        const reading = read(`5.1,3.5,1.4,0.2,Iris-setosa\n${line}\n`);
        await expectUserError(reading, "data-malformed", "line 2 of");
      });
    }

    it("says that there is none", async () => {
      await rm(join(folder, "iris.data"), { force: true });
      await expectUserError(loadShard({ ...shard, dataDir: folder }), "data-missing", folder);
    });
  });
});

async function expectUserError(work: Promise<unknown>, code: string, words: string): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(UserError).and.include({ code });
  expect(String(error)).to.include(words);
}

describe("the task iris-mlp", () => {
  before(() => useBackend("wasm"));

  it("starts from the same weights for the same seed, and from others for another", async () => {
    const first = await irisMlp.createModel({}, 42);
    expect(await irisMlp.createModel({}, 42)).to.deep.equal(first);
    expect((await irisMlp.createModel({}, 43)).weights).not.to.deep.equal(first.weights);
    expect(first.weights.tensors.reduce((sum, { data }) => sum + data.length, 0)).to.equal(131);
  });

  it("learns: a proposal is better than what it began with, on flowers that it was not trained on", async () => {
    const learner = await irisMlp.createLearner({
      params: { stepsPerProposal: 200 },
      shard,
      seed: 42,
      metric: irisMlp.metric,
    });
    const before = await learner.testWeights(await learner.currentWeights());
    const proposal = await learner.proposeWeights(1);
    const after = await learner.testWeights(proposal);
    expect(after.vote).to.be.true;
    expect(after.testScore).to.be.lessThan(before.testScore / 2);
    await learner.dispose();
  });
});
