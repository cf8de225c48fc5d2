import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";

import { expect } from "chai";

import { UserError } from "../../../src/errors.ts";
import type { HeliaStore, HeliaStoreOptions } from "../../../src/storage/helia.ts";
import { openHeliaStore } from "../../../src/storage/helia.ts";
import { openKuboStore } from "../../../src/storage/kubo.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

describe("opening a store", function () {
  this.timeout(30_000);
  let directory: string;
  let remove: () => Promise<void>;
  let store: HeliaStore;

  before(async () => {
    ({ path: directory, remove } = await temporaryDirectory());
    store = await openHeliaStore({ directory: join(directory, "first") });
  });
  after(async () => {
    await store.stop();
    await remove();
  });

  it("listens on a loopback port chosen by the system unless told otherwise", async () => {
    expect((await store.addresses()).join()).to.match(/^\/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d*\/p2p\/12D3Koo\w+$/);
  });

  it("names what is announced instead of what it listens on", async () => {
    const announce = ["/dns4/learner.example.org/tcp/4001"];
    const other = await openHeliaStore({ directory: join(directory, "announcing"), announce });
    const addresses = await other.addresses();
    await other.stop();
    expect(addresses).to.deep.equal([`/dns4/learner.example.org/tcp/4001/p2p/${other.peerId}`]);
  });

  it("says that the directory is in use by another store", async () => {
    const error = await userErrorOf({ directory: join(directory, "first") });
    expect(error.code).to.equal("store-locked");
    expect(error.message).to.contain(join(directory, "first"));
  });

  it("says that a port is in use, which, and what to do, and leaves nothing locked", async () => {
    const taken = (await store.addresses())[0]!.split("/p2p/")[0]!;
    const options = { directory: join(directory, "second"), listen: [taken] };
    const error = await userErrorOf(options);
    expect(error.code).to.equal("listen-failed");
    expect(error.message).to.equal(`cannot listen on ${taken}: the port is in use`);
    expect(error.remedy).to.contain("--listen");
    await (await openHeliaStore({ directory: options.directory })).stop();
  });

  it("says that this machine has no such address", async () => {
    const error = await userErrorOf({ directory: join(directory, "third"), listen: ["/ip4/192.0.2.1/tcp/0"] });
    expect(error.message).to.contain("this machine has no such address");
  });

  it("says that an address to listen on is none", async () => {
    for (const listen of ["nonsense", "/ip4/127.0.0.1/udp/0"]) {
      const error = await userErrorOf({ directory: join(directory, "fourth"), listen: [listen] });
      expect(error.code).to.equal("listen-failed");
      expect(error.message).to.contain(listen);
    }
  });

  it("says that the directory cannot be used", async () => {
    const file = join(directory, "file");
    await writeFile(file, "");
    await chmod(file, 0o400);
    const error = await userErrorOf({ directory: join(file, "store") });
    expect(error.code).to.equal("store-directory");
    expect(error.message).to.contain(join(file, "store"));
  });

  it("says that no Kubo daemon answers, where, and what to do", async () => {
    const port = await closedPort();
    const cases: [string, string][] = [
      [`http://127.0.0.1:${port}`, "kubo-unreachable"],
      [`http://user:secret@127.0.0.1:${port}`, "kubo-unreachable"],
      ["nonsense", "kubo-url"],
      ["ftp://127.0.0.1", "kubo-url"],
    ];
    for (const [url, code] of cases) {
      const error: unknown = await openKuboStore({ url }).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(UserError);
      expect(error).to.have.property("code", code);
      expect((error as UserError).message)
        .not.to.contain("secret")
        .and.not.to.contain("\n");
      expect((error as UserError).remedy).not.to.be.undefined;
    }
  });
});

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function userErrorOf(options: HeliaStoreOptions): Promise<UserError> {
  try {
    await (await openHeliaStore(options)).stop();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("the store opened");
}
