import { readFileSync } from "node:fs";

import { expect } from "chai";
import fc from "fast-check";

import type { PrivacyCost } from "../../../../src/learning/interface.ts";
import { epsilonOf } from "../../../../src/learning/privacy/accountant.ts";
import { logErfc } from "../../../../src/learning/privacy/log-domain.ts";

interface Fixtures {
  readonly opacusOrders: readonly number[];
  readonly integerOrders: readonly number[];
  readonly epsilons: readonly {
    readonly costs: readonly PrivacyCost[];
    readonly delta: number;
    readonly opacus: number;
    readonly dpAccounting: number;
    readonly dpAccountingIsLooser: boolean;
    readonly dpAccountingOfIntegers: number;
  }[];
  readonly oneOrder: readonly {
    readonly sampleRate: number;
    readonly noiseMultiplier: number;
    readonly order: number;
    readonly epsilon: number;
  }[];
  readonly logErfc: readonly (readonly [number, number])[];
}

// Written by scripts/make-privacy-fixtures.py.
const file = new URL("../../../fixtures/privacy/epsilons.json", import.meta.url);
const fixtures = JSON.parse(readFileSync(file, "utf8")) as Fixtures;
const DELTA = 1e-5;

const cost = fc.record({
  sampleRate: fc.double({ min: 1e-4, max: 1, noNaN: true }),
  noiseMultiplier: fc.double({ min: 0.4, max: 20, noNaN: true }),
  steps: fc.integer({ min: 0, max: 10_000 }),
});
/** Of ε: a computed one is not monotone in its last digits. */
const ROUNDING = 1e-9;

const WHOLE_ORDERS = Array.from({ length: 63 }, (_, index) => index + 2);

describe("the privacy accountant", () => {
  it("agrees with Opacus, at its orders, within 1e-4", () => {
    for (const { costs, delta, opacus } of fixtures.epsilons) {
      expect(epsilonOf(costs, delta, fixtures.opacusOrders), JSON.stringify(costs)).to.be.closeTo(opacus, 1e-4);
    }
  });

  it("agrees with dp-accounting, at its default orders, within 1e-4 in fifty settings and more", () => {
    const exact = fixtures.epsilons.filter(({ dpAccountingIsLooser }) => !dpAccountingIsLooser);
    expect(exact).to.have.length.above(50);
    for (const { costs, delta, dpAccounting } of exact) {
      expect(epsilonOf(costs, delta), JSON.stringify(costs)).to.be.closeTo(dpAccounting, 1e-4);
    }
  });

  it("agrees with dp-accounting everywhere at integer orders, and is below it where its fractional ones are looser", () => {
    for (const { costs, delta, dpAccounting, dpAccountingIsLooser, dpAccountingOfIntegers } of fixtures.epsilons) {
      const what = JSON.stringify(costs);
      expect(epsilonOf(costs, delta, fixtures.integerOrders), what).to.be.closeTo(dpAccountingOfIntegers, 1e-4);
      if (dpAccountingIsLooser) expect(epsilonOf(costs, delta), what).to.be.below(dpAccounting);
    }
  });

  it("agrees with the integral that defines the divergence, at fractional orders", () => {
    for (const { sampleRate, noiseMultiplier, order, epsilon } of fixtures.oneOrder) {
      const computed = epsilonOf([{ sampleRate, noiseMultiplier, steps: 1 }], DELTA, [order]);
      expect(computed, `${sampleRate} ${noiseMultiplier} ${order}`).to.be.closeTo(epsilon, 1e-7);
    }
  });

  it("has the closed form of the Gaussian mechanism where every sample is in every batch", () => {
    const [order, noiseMultiplier, steps] = [7, 3, 11];
    const epsilon = epsilonOf([{ sampleRate: 1, noiseMultiplier, steps }], DELTA, [order]);
    const divergence = (steps * order) / (2 * noiseMultiplier ** 2);
    expect(epsilon).to.be.closeTo(divergence + Math.log(6 / 7) - Math.log(DELTA * order) / (order - 1), 1e-12);
  });

  it("comes to the closed form as the sampling rate comes to 1", () => {
    const at = (sampleRate: number) => epsilonOf([{ sampleRate, noiseMultiplier: 2, steps: 5 }], DELTA);
    expect(at(1 - 1e-9)).to.be.closeTo(at(1), 1e-6);
  });

  it("comes to nothing as the noise grows", () => {
    const at = (noiseMultiplier: number) => epsilonOf([{ sampleRate: 0.01, noiseMultiplier, steps: 1_000 }], DELTA);
    expect(at(1e3)).to.be.below(0.02);
    expect(at(1e6)).to.equal(0);
  });

  it("spends nothing without steps or samples, and everything without noise", () => {
    expect(epsilonOf([], DELTA)).to.equal(0);
    expect(epsilonOf([{ sampleRate: 0.5, noiseMultiplier: 0, steps: 0 }], DELTA)).to.equal(0);
    expect(epsilonOf([{ sampleRate: 0, noiseMultiplier: 0, steps: 9 }], DELTA)).to.equal(0);
    expect(epsilonOf([{ sampleRate: 0.5, noiseMultiplier: 0, steps: 1 }], DELTA)).to.equal(Infinity);
  });

  it("grows with steps and with the sampling rate, and falls as noise and δ grow", () => {
    const larger = fc.double({ min: 1, max: 3, noNaN: true });
    const property = fc.property(cost, larger, (one, factor) => {
      const { sampleRate, noiseMultiplier, steps } = one;
      const epsilon = epsilonOf([one], DELTA);
      const of = (changed: Partial<PrivacyCost>) => epsilonOf([{ ...one, ...changed }], DELTA);
      const slack = ROUNDING * Math.max(1, epsilon);
      expect(of({ steps: Math.ceil(steps * factor) })).to.be.at.least(epsilon - slack);
      expect(of({ sampleRate: Math.min(1, sampleRate * factor) })).to.be.at.least(epsilon - slack);
      expect(of({ noiseMultiplier: noiseMultiplier * factor })).to.be.at.most(epsilon + slack);
      expect(epsilonOf([one], Math.min(0.5, DELTA * factor))).to.be.at.most(epsilon + slack);
    });
    fc.assert(property, { numRuns: 60 });
  });

  it("is the same however the same steps are told, and never less for more trainings, nor more than their sum", () => {
    const property = fc.property(cost, cost, fc.integer({ min: 0, max: 10_000 }), (one, other, at) => {
      const first = Math.min(at, one.steps);
      const parts = [{ ...one, steps: first }, other, { ...one, steps: one.steps - first }];
      const together = epsilonOf([one, other], DELTA);
      const slack = ROUNDING * Math.max(1, together);
      expect(epsilonOf(parts, DELTA)).to.be.closeTo(together, slack);
      expect(together).to.be.at.least(Math.max(epsilonOf([one], DELTA), epsilonOf([other], DELTA)) - slack);
      // The lower of both best orders bounds the divergences of both, and is paid for once. At whole orders, that is: of
      // fractional ones, some are given up for the one and not for the other.
      const whole = (costs: PrivacyCost[]) => epsilonOf(costs, DELTA, WHOLE_ORDERS);
      expect(whole([one, other])).to.be.at.most(whole([one]) + whole([other]) + 1e-6 + slack);
    });
    fc.assert(property, { numRuns: 60 });
  });

  it("refuses what is no cost and no δ", () => {
    const fine = { sampleRate: 0.1, noiseMultiplier: 1, steps: 1 };
    for (const wrong of [{ sampleRate: 1.1 }, { sampleRate: Number.NaN }, { noiseMultiplier: -1 }, { steps: 0.5 }]) {
      expect(() => epsilonOf([{ ...fine, ...wrong }], DELTA))
        .to.throw()
        .with.property("code", "privacy-cost");
    }
    for (const delta of [0, 1, Number.NaN]) {
      expect(() => epsilonOf([fine], delta))
        .to.throw()
        .with.property("code", "privacy-delta");
    }
  });
});

describe("log erfc", () => {
  it("is SciPy's to 13 digits, where erfc itself is 0 as well", () => {
    for (const [x, value] of fixtures.logErfc) {
      expect(logErfc(x), String(x)).to.be.closeTo(value, 1e-13 * Math.max(1, Math.abs(value)));
    }
  });
});
