import { expect } from "chai";
import fc from "fast-check";

import { drawKills, drawPlan, faultKinds } from "../../../scripts/chaos/plan.ts";

const options = fc.record({
  seed: fc.nat(),
  nodes: fc.integer({ min: 3, max: 16 }),
  rounds: fc.integer({ min: 1, max: 50 }),
  faults: fc.integer({ min: 0, max: 300 }),
});

describe("a plan of faults", () => {
  it("is the same for the same seed, and another for another", () => {
    const plan = (seed: number) => drawPlan({ seed, nodes: 8, rounds: 20, faults: 200 });
    expect(plan(1)).to.deep.equal(plan(1));
    expect(plan(1)).not.to.deep.equal(plan(2));
  });

  it("has as many faults as were asked for, in the order of rounds that there are, each for every node", () => {
    fc.assert(
      fc.property(options, (asked) => {
        const plan = drawPlan(asked);
        expect(plan.length).to.equal(asked.faults);
        const order = plan.map(({ round, after }) => round * 1_000 + after);
        expect(order).to.deep.equal([...order].sort((a, b) => a - b));
        for (const { round, nodes } of plan) {
          expect(round).to.be.within(1, asked.rounds);
          expect([...nodes].sort((a, b) => a - b)).to.deep.equal(
            Array.from({ length: asked.nodes }, (_, node) => node),
          );
        }
      }),
    );
  });

  it("has every kind, but those that are not possible", () => {
    const kinds = (without: readonly (typeof faultKinds)[number][]) =>
      new Set(drawPlan({ seed: 3, nodes: 4, rounds: 5, faults: faultKinds.length, without }).map(({ kind }) => kind));
    expect([...kinds([])]).to.have.members(faultKinds);
    expect([...kinds(["full disk"])]).to.have.members(faultKinds.filter((kind) => kind !== "full disk"));
  });
});

describe("a plan of kills", () => {
  it("kills one node a round, another than in the round before, and two for good that are never hit again", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 4, max: 16 }), fc.integer({ min: 6, max: 50 }), (seed, nodes, rounds) => {
        const plan = drawKills({ seed, nodes, rounds });
        expect(plan.map(({ round }) => round)).to.deep.equal(Array.from({ length: rounds }, (_, at) => at + 1));
        const gone: number[] = [];
        for (const [at, { nodes: hit, seconds }] of plan.entries()) {
          const [node = -1] = hit;
          expect(gone).not.to.include(node);
          if (at > 0) expect(node).not.to.equal(plan[at - 1]?.nodes[0]);
          if (seconds === Infinity) gone.push(node);
        }
        expect(new Set(gone).size).to.equal(2);
      }),
    );
  });
});
