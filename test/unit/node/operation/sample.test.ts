import { expect } from "chai";

import { Sample } from "../../../../src/node/operation/sample.ts";

const never = new Promise<never>(() => undefined);

describe("a sampled value", () => {
  it("is asked for once, however many read it at the same time or soon after", async () => {
    let asked = 0;
    const sample = new Sample(async () => ++asked, { maxAgeMilliseconds: 1e9, patienceMilliseconds: 1e6 });
    expect(await Promise.all([sample.read(), sample.read()])).to.deep.equal([1, 1]);
    expect(await sample.read()).to.equal(1);
  });

  it("is asked for again once it is old", async () => {
    let asked = 0;
    const sample = new Sample(async () => ++asked, { maxAgeMilliseconds: 0, patienceMilliseconds: 1e6 });
    expect([await sample.read(), await sample.read()]).to.deep.equal([1, 2]);
  });

  it("is the one before, or none, where nobody answers, and one question alone waits", async () => {
    let asked = 0;
    const answers = [Promise.resolve("first"), never];
    const sample = new Sample(() => answers[asked++] ?? never, { maxAgeMilliseconds: 0, patienceMilliseconds: 1 });
    expect(await sample.read()).to.equal("first");
    expect([await sample.read(), await sample.read()]).to.deep.equal(["first", "first"]);
    expect(asked).to.equal(2);
    const silent = new Sample<string>(() => never, { maxAgeMilliseconds: 0, patienceMilliseconds: 1 });
    expect(await silent.read()).to.equal(undefined);
  });

  it("stays what it was where asking fails", async () => {
    const answers = [async () => 7, () => Promise.reject(new Error("gone"))];
    const sample = new Sample(() => (answers.shift() ?? (async () => 8))(), {
      maxAgeMilliseconds: 0,
      patienceMilliseconds: 1e6,
    });
    expect([await sample.read(), await sample.read(), await sample.read()]).to.deep.equal([7, 7, 8]);
  });
});
