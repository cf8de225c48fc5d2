import { expect } from "chai";
import fc from "fast-check";

import { outcomes } from "../../../src/ledger/types.ts";
import { agreedScore, bestRound, stopRound, type SettledRound } from "../../../src/node/checkpoints.ts";

const accepted = (score?: number): SettledRound => ({ outcome: "accepted", score });
const rejected = (score?: number): SettledRound => ({ outcome: "rejected", score });
const skipped: SettledRound = { outcome: "skipped", score: undefined };

const directions = ["maximise", "minimise"] as const;
const direction = fc.constantFrom(...directions);
const score = fc.oneof(fc.double({ noNaN: true, min: -10, max: 10 }), fc.constantFrom(0, 1));
const rounds = fc.array(
  fc.record({ outcome: fc.constantFrom(...outcomes.slice(1)), score: fc.option(score, { nil: undefined }) }),
  { maxLength: 30 },
);
const stop = fc.oneof(
  fc.record({ score }),
  fc.record({ patience: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ score, patience: fc.integer({ min: 1, max: 6 }) }),
);

describe("The score of a round", () => {
  for (const [scores, highest, lowest] of [
    [[], undefined, undefined],
    [[0.5], 0.5, 0.5],
    [[0.2, 0.8], 0.2, 0.8],
    [[0.9, 0.1, 0.5], 0.5, 0.5],
    [[1, 2, 3, 4], 2, 3],
    [[NaN], undefined, undefined],
    [[NaN, 0.5], undefined, undefined],
    [[NaN, 0.5, 0.7], 0.5, 0.7],
    [[9e12, 0.5, 0.6], 0.6, 0.6],
    [[-9e12, 0.5, 0.6], 0.5, 0.5],
  ] as const) {
    it(`of the votes ${JSON.stringify(scores)} is ${highest} to maximise and ${lowest} to minimise`, () => {
      expect(agreedScore(scores, "maximise")).to.equal(highest);
      expect(agreedScore(scores, "minimise")).to.equal(lowest);
    });
  }

  it("is the best that more than half of the voters gave or surpassed, in whatever order they voted", () => {
    const given = fc.array(fc.oneof(score, fc.constant(NaN)), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(given, direction, (scores, way) => {
        const surpass = (least: number) =>
          scores.filter((one) => (way === "maximise" ? one >= least : one <= least)).length > scores.length / 2;
        const agreed = agreedScore(scores, way);
        expect(agreedScore(scores.toReversed(), way)).to.equal(agreed);
        const enough = scores.filter(surpass);
        const best = enough.length === 0 ? undefined : (way === "maximise" ? Math.max : Math.min)(...enough);
        // -0 is 0.
        expect(agreed === undefined ? undefined : agreed + 0).to.equal(best === undefined ? undefined : best + 0);
      }),
    );
  });

  it("is never better for a minority's lies than the best of the honest", () => {
    const honest = fc.array(score, { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(honest, fc.array(fc.double({ noNaN: true }), { maxLength: 5 }), direction, (truths, lies, way) => {
        fc.pre(lies.length < truths.length);
        const agreed = agreedScore([...lies, ...truths], way) ?? NaN;
        if (way === "maximise") expect(agreed).to.be.at.most(Math.max(...truths));
        else expect(agreed).to.be.at.least(Math.min(...truths));
      }),
    );
  });
});

describe("The best round", () => {
  it("is none where nothing was accepted, or nobody gave a score", () => {
    expect(bestRound([], "maximise")).to.equal(undefined);
    expect(bestRound([rejected(0.9), skipped, accepted()], "maximise")).to.equal(undefined);
  });

  it("goes the metric's way, among accepted rounds only", () => {
    const played = [accepted(0.5), accepted(0.8), rejected(0.9), accepted(0.3), rejected(0.1), skipped];
    expect(bestRound(played, "maximise")).to.equal(2);
    expect(bestRound(played, "minimise")).to.equal(4);
  });

  it("is the later one of equals", () => {
    expect(bestRound([accepted(0.8), accepted(0.8), accepted(0.7)], "maximise")).to.equal(2);
    expect(bestRound([accepted(0.8), accepted(0.8), accepted(0.9)], "minimise")).to.equal(2);
  });

  it("is surpassed by no accepted round", () => {
    fc.assert(
      fc.property(rounds, direction, (played, way) => {
        const best = bestRound(played, way);
        const scored = played.filter(({ outcome, score }) => outcome === "accepted" && score !== undefined);
        if (best === undefined) {
          expect(scored).to.have.length(0);
          return;
        }
        const { score: highest = NaN } = played[best - 1] ?? {};
        expect(played[best - 1]?.outcome).to.equal("accepted");
        for (const { score = NaN } of scored)
          expect(way === "maximise" ? score <= highest : score >= highest).to.equal(true);
      }),
    );
  });
});

describe("An early stop", () => {
  it("comes after the first accepted round that reaches the target, and for no rejected one", () => {
    const played = [accepted(0.5), rejected(0.95), accepted(0.9), accepted(0.99)];
    expect(stopRound({ score: 0.9 }, "maximise", played)).to.deep.equal({ round: 3, reason: "target" });
    expect(stopRound({ score: 0.995 }, "maximise", played)).to.equal(undefined);
    expect(stopRound({ score: 0.5 }, "minimise", played)).to.deep.equal({ round: 1, reason: "target" });
    expect(stopRound({ score: 0.5 }, "minimise", [accepted()])).to.equal(undefined);
  });

  it("comes when patience ends: rejected and skipped rounds in a row, an accepted one begins anew", () => {
    const played = [rejected(), skipped, accepted(), skipped, rejected(), rejected(), accepted()];
    expect(stopRound({ patience: 2 }, "maximise", played)).to.deep.equal({ round: 2, reason: "patience" });
    expect(stopRound({ patience: 3 }, "maximise", played)).to.deep.equal({ round: 6, reason: "patience" });
    expect(stopRound({ patience: 4 }, "maximise", played)).to.equal(undefined);
  });

  it("comes by whichever is first", () => {
    const both = { score: 0.9, patience: 2 };
    expect(stopRound(both, "maximise", [accepted(0.9), rejected(), rejected()])?.reason).to.equal("target");
    expect(stopRound(both, "maximise", [rejected(), rejected(), accepted(0.9)])?.reason).to.equal("patience");
  });

  it("is never moved by more rounds", () => {
    fc.assert(
      fc.property(stop, direction, rounds, rounds, (when, way, played, more) => {
        const first = stopRound(when, way, played);
        const later = stopRound(when, way, [...played, ...more]);
        if (first !== undefined) expect(later).to.deep.equal(first);
        else if (later !== undefined) expect(later.round).to.be.above(played.length);
      }),
    );
  });

  it("is not later for an easier target or less patience", () => {
    fc.assert(
      fc.property(rounds, direction, score, score, fc.integer({ min: 1, max: 6 }), (played, way, a, b, patience) => {
        const [hard, easy] = (way === "maximise") === a > b ? [a, b] : [b, a];
        const end = (found: ReturnType<typeof stopRound>) => found?.round ?? Infinity;
        const strict = end(stopRound({ score: hard, patience: patience + 1 }, way, played));
        expect(end(stopRound({ score: easy, patience }, way, played))).to.be.at.most(strict);
      }),
    );
  });
});
