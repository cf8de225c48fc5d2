import { expect } from "chai";
import { Interface, makeError, FetchRequest, FetchResponse } from "ethers";

import { ColearnError, UserError } from "../../../src/errors.ts";
import { endpointError, explain, plainError } from "../../../src/ledger/errors.ts";

const SECRET = "f00dfeed";
const contract = new Interface([]);

/** What ethers throws at an answer that is no success: it carries the address and the body. */
function serverError(): Error {
  const request = new FetchRequest(`https://user:${SECRET}@rpc.example/v3/${SECRET}`);
  const body = new TextEncoder().encode(`key ${SECRET} is not known`);
  try {
    new FetchResponse(403, "Forbidden", {}, body, request).assertOk();
  } catch (error) {
    return error as Error;
  }
  throw new Error("ethers took a 403 for a success");
}

describe("an error of an endpoint", () => {
  const errors: [string, Error, RegExp][] = [
    ["a 403", serverError(), /server response 403 Forbidden$/],
    [
      "no answer in time",
      makeError(`timeout`, "TIMEOUT", { operation: "send", reason: SECRET, request: new FetchRequest(SECRET) }),
      /timeout$/,
    ],
    ["a lost network", makeError("network changed", "NETWORK_ERROR", { event: SECRET }), /network changed$/],
    ["a failed fetch", new TypeError("fetch failed", { cause: new Error(SECRET) }), /fetch failed$/],
  ];
  for (const [what, error, message] of errors) {
    it(`is a user's error in one line, without the request, when it is ${what}`, () => {
      const explained = explain(error, "vote", contract);
      expect(explained).to.be.instanceOf(UserError);
      expect(explained).to.include({ code: "rpc" });
      expect(explained.cause).to.equal(undefined);
      expect(explained.message).to.match(message);
      expect(explained.message).not.to.include("\n");
      expect(`${explained.message} ${explained.stack ?? ""}`).not.to.include(SECRET);
    });
  }

  it("names the host where it is known", () => {
    expect(endpointError(serverError(), "rpc.example")?.message).to.equal(
      "the JSON-RPC endpoint at rpc.example does not answer: server response 403 Forbidden",
    );
  });

  it("is none where the contract refuses, or the program is wrong", () => {
    const refusal = makeError("refused", "CALL_EXCEPTION", {
      action: "call",
      data: null,
      reason: null,
      transaction: { to: null, data: "" },
      invocation: null,
      revert: null,
    });
    expect(endpointError(refusal)).to.equal(undefined);
    expect(endpointError(new TypeError("x is not a function"))).to.equal(undefined);
  });
});

describe("any other error of ethers", () => {
  it("is told in one line, as a last resort", () => {
    const error = makeError("could not coalesce error", "UNKNOWN_ERROR", { value: SECRET });
    expect(error.message).to.include(SECRET);
    expect(plainError(error)).to.be.instanceOf(ColearnError).and.not.instanceOf(UserError);
    expect(plainError(error)?.message).to.equal("could not coalesce error (UNKNOWN_ERROR)");
  });

  it("is not what a defect of the program is", () => {
    expect(plainError(new RangeError("out of range"))).to.equal(undefined);
  });
});
