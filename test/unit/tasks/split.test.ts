import { expect } from "chai";
import fc from "fast-check";

import { randomFrom } from "../../../src/learning/random.ts";
import { splitKinds, splitSamples, splitShard } from "../../../src/tasks/split.ts";

const arbitraryLabels = fc.uint8Array({ minLength: 0, maxLength: 400, max: 9 });
const arbitraryLearners = fc.integer({ min: 1, max: 30 });

function labelsOf(count: number, classes = 10): Uint8Array {
  const random = randomFrom("labels", count);
  return Uint8Array.from({ length: count }, () => random.below(classes));
}

function shares(labels: Uint8Array, shard: Uint32Array): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const sample of shard) counts[labels[sample]!]! += 1;
  return counts.map((count) => count / shard.length);
}

describe("splitting samples among learners", () => {
  for (const kind of splitKinds) {
    describe(kind, () => {
      it("gives every sample to exactly one learner, for any labels, learners and seed", () => {
        fc.assert(
          fc.property(arbitraryLabels, arbitraryLearners, fc.integer(), (labels, learners, seed) => {
            const shards = splitSamples(labels, learners, kind, seed);
            expect(shards).to.have.lengthOf(learners);
            const given = shards.flatMap((shard) => [...shard]).sort((a, b) => a - b);
            expect(given).to.deep.equal([...labels.keys()]);
          }),
        );
      });

      it("depends on the seed and on nothing else", () => {
        const labels = labelsOf(500);
        expect(splitSamples(labels, 5, kind, 1)).to.deep.equal(splitSamples(labels, 5, kind, 1));
        expect(splitSamples(labels, 5, kind, 1)).not.to.deep.equal(splitSamples(labels, 5, kind, 2));
      });
    });
  }

  it("iid: shards differ by at most one sample", () => {
    fc.assert(
      fc.property(arbitraryLabels, arbitraryLearners, (labels, learners) => {
        const sizes = splitSamples(labels, learners, "iid", 1).map((shard) => shard.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).to.be.at.most(1);
      }),
    );
  });

  it("label-skew: two classes make up most of a shard, every other class is there, and shards are about equal", () => {
    const labels = labelsOf(20_000);
    for (const shard of splitSamples(labels, 5, "label-skew", 3)) {
      const sorted = shares(labels, shard).sort((a, b) => b - a);
      expect(sorted[0]! + sorted[1]!).to.be.within(0.8, 0.88);
      expect(sorted[9]).to.be.greaterThan(0.01);
      expect(shard.length).to.be.within(3700, 4300);
    }
  });

  it("label-skew: with few learners the classes that are nobody's own are shared alike", () => {
    const labels = labelsOf(20_000);
    const shards = splitSamples(labels, 2, "label-skew", 3);
    const [one, other] = shards.map((shard) => shares(labels, shard));
    const alike = one!.filter((share, label) => Math.abs(share - other![label]!) < 0.02);
    expect(alike).to.have.lengthOf(6);
  });

  it("label-skew: with many learners each has two classes of its own still, shared with some", () => {
    const labels = labelsOf(20_000);
    for (const shard of splitSamples(labels, 15, "label-skew", 3)) {
      expect(shares(labels, shard).filter((share) => share > 0.3)).to.have.lengthOf(2);
    }
  });

  it("dirichlet: every learner has ten samples at least, and shares of a class are uneven", () => {
    const labels = labelsOf(5000);
    for (let seed = 0; seed < 20; seed++) {
      const shards = splitSamples(labels, 5, "dirichlet", seed);
      for (const shard of shards) expect(shard.length).to.be.at.least(10);
      expect(Math.max(...shards.flatMap((shard) => shares(labels, shard)))).to.be.greaterThan(0.25);
    }
  });

  it("dirichlet: nobody is left with less than half of an equal part where data are few", () => {
    fc.assert(
      fc.property(arbitraryLabels, arbitraryLearners, fc.integer(), (labels, learners, seed) => {
        const sizes = splitSamples(labels, learners, "dirichlet", seed).map((shard) => shard.length);
        expect(Math.min(...sizes)).to.be.at.least(Math.min(10, Math.floor(labels.length / learners / 2)));
      }),
    );
  });

  it("dirichlet: a learner's share of a class has the distribution's mean and deviation", () => {
    const learners = 4;
    const labels = labelsOf(8000);
    const counts = [...labels].reduce<number[]>((sums, label) => ((sums[label] = (sums[label] ?? 0) + 1), sums), []);
    const drawn: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const [shard] = splitSamples(labels, learners, "dirichlet", seed);
      drawn.push(...shares(labels, shard!).map((share, label) => (share * shard!.length) / counts[label]!));
    }
    const mean = drawn.reduce((sum, share) => sum + share, 0) / drawn.length;
    const variance = drawn.reduce((sum, share) => sum + (share - mean) ** 2, 0) / drawn.length;
    // Of Dirichlet(0.5, 0.5, 0.5, 0.5): mean 1/4, variance 0.5 * 1.5 / (2² * 3). The seeds are fixed: nothing is left to chance.
    expect(mean).to.be.closeTo(0.25, 0.02);
    expect(variance).to.be.closeTo(0.0625, 0.006);
  });
});

describe("splitting a shard", () => {
  const shard = (size: number): Uint32Array => Uint32Array.from({ length: size }, (_, index) => 1000 + index);
  const sizes = (size: number, ratio: number, ownTest: boolean): number[] => {
    const { train, vote, test } = splitShard(shard(size), ratio, ownTest);
    return [train.length, vote.length, test.length];
  };

  it("gives 0.9, 0.05 and 0.05 of it", () => expect(sizes(12_000, 0.9, true)).to.deep.equal([10_800, 600, 600]));

  it("gives the rest to voting when test samples come from elsewhere", () =>
    expect(sizes(12_000, 0.9, false)).to.deep.equal([10_800, 1200, 0]));

  it("does not lose a sample to binary fractions", () => expect(sizes(100, 0.29, true)).to.deep.equal([29, 35, 36]));

  it("gives every sample to exactly one split", () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 500 }), fc.double({ min: 0.1, max: 0.9, noNaN: true }), (size, ratio) => {
        const { train, vote, test } = splitShard(shard(size), ratio, true);
        expect([...train, ...vote, ...test]).to.deep.equal([...shard(size)]);
      }),
    );
  });

  for (const ratio of [0, 1, -0.5, 1.5, NaN]) {
    it(`refuses a train ratio of ${ratio}`, () =>
      expect(() => splitShard(shard(100), ratio, true))
        .to.throw()
        .with.property("code", "train-ratio"));
  }

  it("refuses a shard that leaves a split without samples, and names the split", () => {
    expect(() => splitShard(shard(10), 0.9, true)).to.throw(/10 samples leaves none for the vote split/);
    expect(() => splitShard(shard(0), 0.9, false)).to.throw(/none for the train split/);
  });
});
