import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { UserError } from "../../../src/errors.ts";
import { defaultLockFolder, lockKey } from "../../../src/node/key-lock.ts";
import { temporaryFolder } from "../cli/temporary-folder.ts";

const key = { chain: `31337:0x${"ab".repeat(32)}`, address: `0x${"Cd".repeat(20)}` };

describe("a key's lock", () => {
  let place: ReturnType<typeof temporaryFolder>;
  let folder: string;
  let warnings: string[];
  const log = { warn: (line: string) => void warnings.push(line) };
  const lock = (changed: Partial<typeof key> = {}) => lockKey({ ...key, ...changed }, log, folder);

  beforeEach(() => {
    place = temporaryFolder();
    folder = join(place.path, "state", "locks");
    warnings = [];
  });

  afterEach(() => place[Symbol.dispose]());

  it("is had once at a time, however the address is written", () => {
    const first = lock();
    for (const address of [key.address, key.address.toLowerCase()]) {
      expect(() => lock({ address })).to.throw(UserError, `another node or relay on this machine runs with the key of`);
    }
    // A refusal takes nothing from who has it.
    expect(() => lock()).to.throw(UserError);
    first.release();
    lock().release();
    expect(warnings).to.deep.equal([]);
  });

  it("keeps out neither another key nor another chain", () => {
    const locks = [
      lock(),
      lock({ chain: `31337:0x${"cd".repeat(32)}` }),
      lock({ chain: key.chain.replace("7:", "8:") }),
    ];
    locks.push(lock({ address: `0x${"11".repeat(20)}` }));
    for (const one of locks) one.release();
    expect(warnings).to.deep.equal([]);
  });

  it("is a file that only this user can read, and outlives the lock", () => {
    lock().release();
    const [name = "", ...others] = readdirSync(folder);
    expect(others).to.deep.equal([]);
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
    expect(statSync(join(folder, name)).mode & 0o777).to.equal(0o600);
    expect(name).to.match(/^31337-0x(ab){32}-0x(cd){20}\.sqlite$/);
    lock().release();
    expect(warnings).to.deep.equal([]);
  });

  it("stays in its folder, whatever an endpoint says of its chain", () => {
    lock({ chain: "../../1:/etc" }).release();
    expect(readdirSync(folder)).to.have.length(1);
  });

  it("is done without where the folder cannot be made, with a warning", () => {
    const file = join(place.path, "file");
    writeFileSync(file, "");
    folder = join(file, "locks");
    lock().release();
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include("not locked").and.to.include(folder);
  });

  it("is done without where the file is no lock, with a warning, and leaves it as it is", () => {
    lock().release();
    const path = join(folder, readdirSync(folder)[0] ?? "");
    writeFileSync(path, "something else ".repeat(100));
    lock().release();
    expect(warnings).to.have.length(1);
    expect(readFileSync(path, "utf8")).to.match(/^something else/);
  });

  it("is done without where the file cannot be opened, with a warning", () => {
    lock().release();
    const path = join(folder, readdirSync(folder)[0] ?? "");
    rmSync(path);
    mkdirSync(path);
    lock().release();
    expect(warnings).to.have.length(1);
  });

  it("is in the user's folder of state", () => {
    expect(defaultLockFolder({ XDG_STATE_HOME: "/state" })).to.equal("/state/colearn/locks");
    expect(defaultLockFolder({ XDG_STATE_HOME: "" })).to.match(/\.local\/state\/colearn\/locks$/);
  });
});
