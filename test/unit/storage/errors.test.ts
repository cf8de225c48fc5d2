import { expect } from "chai";

import { StoreError, onDisk } from "../../../src/storage/errors.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: of the system`), { code });
}

describe("onDisk", () => {
  for (const [code, words] of [
    ["ENOSPC", "the disk is full"],
    ["EROFS", "the file system is read-only"],
    ["EACCES", "permission denied"],
  ] as const) {
    it(`says of ${code} that ${words}, where, and what to do`, async () => {
      const cause = new Error("wrapped", { cause: systemError(code) });
      const error: unknown = await onDisk("/some/where", () => Promise.reject(cause)).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(StoreError);
      expect(error).to.include({ code: "unavailable", cause });
      expect((error as StoreError).message)
        .to.contain(words)
        .and.to.contain("/some/where");
      expect((error as StoreError).remedy).not.to.be.undefined;
    });
  }

  it("passes on what is not the disk's doing", async () => {
    for (const error of [systemError("ECONNRESET"), new Error("a defect")]) {
      expect(await onDisk("/some/where", () => Promise.reject(error)).catch((reason: unknown) => reason)).to.equal(
        error,
      );
    }
  });
});
