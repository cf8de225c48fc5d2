import { expect } from "chai";

import { orAborted } from "../../../src/storage/abort.ts";

describe("orAborted", () => {
  const never = new Promise<never>(() => undefined);

  it("gives the promise's outcome when nobody aborts", async () => {
    const { signal } = new AbortController();
    const failure = new Error("failed");
    expect(await orAborted(Promise.resolve(1), signal)).to.equal(1);
    expect(await orAborted(Promise.reject(failure), signal).catch((error: unknown) => error)).to.equal(failure);
  });

  it("rejects with the signal's reason without waiting for the promise", async () => {
    const reason = new Error("changed my mind");
    const controller = new AbortController();
    const waiting = orAborted(never, controller.signal).catch((error: unknown) => error);
    controller.abort(reason);
    expect(await waiting).to.equal(reason);
    expect(await orAborted(never, controller.signal).catch((error: unknown) => error)).to.equal(reason);
  });
});
