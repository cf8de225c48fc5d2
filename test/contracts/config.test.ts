import { expect } from "chai";
import { ZeroHash } from "ethers";
import fc from "fast-check";

import { Ballot, DAG_PB, RAW, type Config } from "./ledger-contract.ts";
import { configOf, DAY, deploy, loadFixture, time, weights } from "./world.ts";

const UINT16 = 2 ** 16 - 1;
const UINT32 = 2 ** 32 - 1;

/** A field, as `InvalidConfig` names it, and the least and the most that it may be. Checked in this order. */
type Check = [field: string, value: bigint, least: bigint, most: bigint];

function checksOf(config: Config, now: number): Check[] {
  const reveal = config.ballot === Ballot.Sealed ? [1, 30 * DAY] : [0, 0];
  const ranges: [keyof Config, number, number][] = [
    ["rounds", 1, UINT32],
    ["maxLearners", 2, 256],
    ["minLearners", 2, config.maxLearners],
    ["approvalBps", 0, 9999],
    ["proposeWindow", 1, 30 * DAY],
    ["voteWindow", 1, 30 * DAY],
    ["revealWindow", reveal[0]!, reveal[1]!],
    ["pauseLimit", 1, 365 * DAY],
    ["enrolmentDeadline", now + 1, now + 365 * DAY],
  ];
  return [
    ...(["manifest", "weights"] as const).flatMap((name): Check[] => {
      const { digest, codec } = config[name];
      return [
        [`${name}.digest`, BigInt(digest), 1n, 2n ** 256n],
        [`${name}.codec`, BigInt(codec), ...(codec === DAG_PB ? [0x70n, 0x70n] : [0x55n, 0x55n])] as Check,
      ];
    }),
    ...ranges.map(([name, least, most]): Check => [name, BigInt(config[name] as number), BigInt(least), BigInt(most)]),
  ];
}

/** Mostly what is in order, else where the range ends, or anything. */
function around(least: number, most: number, limit: number): fc.Arbitrary<number> {
  const edges = [least - 1, least, most, most + 1].filter((value) => value >= 0 && value <= limit);
  return fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: least, max: Math.min(most, limit) }) },
    { weight: 3, arbitrary: fc.constantFrom(...edges) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: limit }) },
  );
}

const anyContentId = fc.record({
  digest: fc.oneof({ weight: 20, arbitrary: fc.constant(weights("any").digest) }, fc.constant(ZeroHash)),
  codec: fc.oneof({ weight: 20, arbitrary: fc.constantFrom(RAW, DAG_PB) }, fc.integer({ min: 0, max: 255 })),
});

const anyConfig = fc.record({
  manifest: anyContentId,
  weights: anyContentId,
  rounds: around(1, UINT32, UINT32),
  minLearners: around(2, 3, UINT16),
  maxLearners: around(3, 256, UINT16),
  approvalBps: around(0, 9999, UINT16),
  proposeWindow: around(1, 30 * DAY, UINT32),
  voteWindow: around(1, 30 * DAY, UINT32),
  pauseLimit: around(1, 365 * DAY, UINT32),
  ballot: fc.constantFrom(Ballot.Open, Ballot.Sealed),
  revealWindow: fc.oneof(fc.constant(0), around(1, 30 * DAY, UINT32)),
  admission: fc.constantFrom(0, 1),
  selection: fc.constantFrom(0, 1),
  earlyDecision: fc.boolean(),
  enrolment: around(1, 365 * DAY, 2 ** 38),
});

describe("any config", () => {
  it("is taken if every field is in its range, and else refused by the first that is not", async function () {
    this.timeout(60_000);
    const { ledger } = await loadFixture(deploy);
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(anyConfig, async ({ enrolment, ...fields }) => {
        const now = (await time.latest()) + 1;
        const config = await configOf({ ...fields, enrolmentDeadline: now + enrolment });
        const wrong = checksOf(config, now).find(([, value, least, most]) => value < least || value > most);
        await time.setNextBlockTimestamp(now);
        const sent = ledger.createExperiment.staticCall(config, { blockTag: "pending" });
        if (wrong === undefined) {
          expect(await sent).to.equal(1n);
          taken += 1;
        } else {
          await expect(sent).to.be.revertedWithCustomError(ledger, "InvalidConfig").withArgs(wrong[0], wrong[1]);
        }
      }),
      { numRuns: 300 },
    );
    expect(taken, "configs taken").to.be.greaterThan(0);
  });
});
