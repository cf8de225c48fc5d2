import { expect } from "chai";
import { Interface, ZeroHash } from "ethers";

import { abi } from "../../../../src/ledger/generated/abi.ts";
import type { RelayedCall } from "../../../../src/ledger/signed-call.ts";
import { inspectCall } from "../../../../src/node/relay/calls.ts";

const contract = new Interface(abi);
const learner = `0x${"1".repeat(40)}`;
const voter = `0x${"2".repeat(40)}`;
const hash = `0x${"a".repeat(64)}`;
const encode = (method: string, args: unknown[]) => contract.encodeFunctionData(method, args);
const signed = (call: string): RelayedCall => ({ kind: "call", learner, call, deadline: 0n, signature: "0x" });
const open = (call: string): RelayedCall => ({ kind: "open-call", call });

describe("a relay sends a call", () => {
  const calls: Record<string, unknown[]> = {
    join: [1n, "", ZeroHash, "0x"],
    updateContact: [1n, ""],
    leaveExperiment: [1n],
    resume: [1n],
    propose: [1n, 1, { digest: hash, codec: 0x55 }, ZeroHash],
    sealVote: [1n, 1, hash, hash],
    invite: [1n, [learner]],
    cancelExperiment: [1n],
    vote: [1n, 1, hash, true, 0n],
    reveal: [1n, 1, hash, voter, true, 0n, hash],
    advance: [1n],
    startExperiment: [1n],
    executeBySig: [learner, "0x", 0n, "0x"],
    castVotesBySig: [1n, 1, hash, 0n, 0n, [], [], []],
  };
  const bySignature = ["join", "updateContact", "leaveExperiment", "resume", "propose", "sealVote", "startExperiment"];
  const byAnybody = ["reveal", "advance"];
  for (const [method, args] of Object.entries(calls)) {
    it(`${method}: signed ${bySignature.includes(method)}, unsigned ${byAnybody.includes(method)}`, () => {
      const data = encode(method, args);
      const whose = { reveal: voter, advance: "nobody" }[method];
      const refusal = `${method} is not relayed`;
      const forLearner = inspectCall(signed(data), 1n, contract);
      const forAnybody = inspectCall(open(data), 1n, contract);
      if (bySignature.includes(method)) expect(forLearner).to.deep.equal({ learner });
      else expect(forLearner).to.deep.equal({ code: "function", reason: refusal });
      if (byAnybody.includes(method)) expect(forAnybody).to.deep.equal({ learner: whose });
      else expect(forAnybody).to.deep.equal({ code: "function", reason: refusal });
    });
  }

  it("of its own experiment only", () => {
    expect(inspectCall(signed(encode("resume", [2n])), 1n, contract)).to.include({ code: "other-experiment" });
    expect(inspectCall(open(encode("advance", [2n])), 1n, contract)).to.include({ code: "other-experiment" });
  });

  it("without a byte behind it, which would cost gas and say nothing", () => {
    for (const bytes of ["ff", "00".repeat(32), "ff".repeat(8_000)]) {
      const said = encode("advance", [1n]) + bytes;
      expect(inspectCall(open(said), 1n, contract)).to.include({ code: "function" });
    }
    const text = encode("updateContact", [1n, "x"]);
    expect(inspectCall(signed(text), 1n, contract)).to.deep.equal({ learner });
    // Padding that says something, and text that is none.
    expect(inspectCall(signed(text.replace(/0$/, "1")), 1n, contract)).to.include({ code: "function" });
    expect(inspectCall(signed(text.replace(/78(0{62})$/, "ff$1")), 1n, contract)).to.include({ code: "function" });
  });

  for (const data of ["0x", "0x12", "0x12345678", encode("resume", [1n]).slice(0, 20)]) {
    it(`but not ${data}, which is none of the contract's`, () => {
      expect(inspectCall(signed(data), 1n, contract)).to.include({ code: "function" });
    });
  }
});
