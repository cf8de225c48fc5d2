import { expect } from "chai";
import fc from "fast-check";

import { ColearnError } from "../../../../src/errors.ts";
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  type Answer,
  type Request,
} from "../../../../src/node/relay/protocol.ts";

const voter = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const digest = `0x${"a".repeat(64)}`;
const vote: Request = {
  kind: "vote",
  experiment: 2n ** 200n,
  round: 4,
  proposal: digest,
  voter,
  approve: false,
  score: -(2n ** 63n),
  signature: `0x${"12".repeat(65)}`,
};
const bytesOf = (json: unknown) => Buffer.from(JSON.stringify(json));
const inJson = JSON.parse(Buffer.from(encodeRequest(vote)).toString()) as Record<string, unknown>;

describe("what learners and relays say to each other", () => {
  const requests: Request[] = [
    vote,
    { kind: "call", learner: voter, call: "0x1234", deadline: 99n, signature: "0x" },
    { kind: "open-call", call: "0x1234" },
  ];
  for (const request of requests) {
    it(`comes out as it was put in: ${request.kind}`, () => {
      expect(decodeRequest(encodeRequest(request))).to.deep.equal(request);
    });
  }

  const answers: Answer[] = [
    { status: "accepted" },
    { status: "done", transaction: digest },
    { status: "refused", code: "voted", reason: "it has voted" },
  ];
  for (const answer of answers) {
    it(`comes out as it was put in: ${answer.status}`, () => {
      expect(decodeAnswer(encodeAnswer(answer))).to.deep.equal(answer);
    });
  }

  it("has one form of each address and digest", () => {
    const shouted = { ...inJson, voter: voter.toLowerCase(), proposal: `0x${"A".repeat(64)}` };
    expect(decodeRequest(bytesOf(shouted))).to.deep.equal(vote);
  });

  const wrong: [field: string, value: unknown][] = [
    ["kind", "transfer"],
    ["experiment", "-1"],
    ["experiment", 1],
    ["round", 0],
    ["round", 1.5],
    ["round", 2 ** 32],
    ["proposal", "0xaa"],
    ["voter", "0x1234"],
    ["voter", "0x70997970c51812dc3A010C7d01b50e0d17dc79C8"],
    ["approve", 1],
    ["score", "9223372036854775808"],
    ["score", "1.5"],
    ["signature", "0x1"],
    ["signature", `0x${"00".repeat(1_025)}`],
  ];
  for (const [field, value] of wrong) {
    it(`is refused by the name of the field that is wrong: ${field} ${JSON.stringify(value).slice(0, 30)}`, () => {
      expect(() => decodeRequest(bytesOf({ ...inJson, [field]: value }))).to.throw(
        ColearnError,
        `the field ${field}: `,
      );
    });
  }

  it("is a stranger's text: whatever it holds, nothing worse comes of it than a refusal", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(() => decodeRequest(bytes))
            .to.throw(ColearnError)
            .with.property("code", "relay-request");
          expect(() => decodeAnswer(bytes))
            .to.throw(ColearnError)
            .with.property("code", "relay-answer");
        },
      ),
    );
  });
});
