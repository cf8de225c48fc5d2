import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";

import { openKuboStore } from "../../../src/storage/kubo.ts";
import type { Store } from "../../../src/storage/store.ts";
import { fromCid } from "../../../src/weights/content-id.ts";
import { peerIdOf } from "../../unit/storage/peer-ids.ts";
import type { Block } from "../../unit/storage/hostile-files.ts";
import { fileWithShortHash, rawBlock } from "../../unit/storage/hostile-files.ts";
import { storeErrorOf } from "./contract.ts";

/** An RPC that answers as it is told, for what no daemon can be made to say at will. */
describe("A Kubo store and its daemon's answers", function () {
  this.timeout(30_000);
  const leaf = rawBlock(new Uint8Array(10));
  const id = fromCid(leaf.cid);
  let server: Server;
  let store: Store;
  let getBlock: (response: ServerResponse, query: URLSearchParams) => void;
  let dialled: string[];

  beforeEach(async () => {
    dialled = [];
    getBlock = (response) => response.end(leaf.bytes);
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://daemon");
      if (pathname === "/api/v0/version") response.setHeader("content-type", "application/json").end('{"Version":"1"}');
      else if (pathname === "/api/v0/swarm/connect") dialled.push(searchParams.get("arg") ?? "");
      else getBlock(response, searchParams);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    store = await openKuboStore({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  });
  afterEach(async () => {
    await store.stop();
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });

  function refuseWith(status: number, message: string, type = "application/json"): void {
    const body = type === "application/json" ? JSON.stringify({ Message: message, Code: 0, Type: "error" }) : message;
    getBlock = (response) => response.writeHead(status, { "content-type": type }).end(body);
  }

  for (const message of [
    `block was not found locally (offline): ipld: could not find ${leaf.cid.toString()}`,
    `ipld: could not find ${leaf.cid.toString()}`,
    "blockstore: block not found",
    "merkledag: not found",
    `failed to get block for ${leaf.cid.toString()}: context deadline exceeded`,
    "request timed out",
  ]) {
    it(`is not-found for ${JSON.stringify(message)}`, async () => {
      refuseWith(500, message);
      expect(await storeErrorOf(store.get(id, { maxBytes: 10 }))).to.equal("not-found");
      expect(await store.has(id)).to.be.false;
    });
  }

  for (const [status, message, type] of [
    [500, "open /data/ipfs/blocks/X3/CIQ.data: too many open files"],
    [500, "read /data/ipfs/blocks/X3/CIQ.data: input/output error"],
    [403, "403 - Forbidden", "text/plain"],
    [401, "Unauthorized", "text/plain"],
    [404, "404 page not found", "text/plain"],
    [502, "<html>Bad Gateway</html>", "text/html"],
    [500, ""],
  ] as [number, string, string?][]) {
    it(`is unavailable for ${status} ${JSON.stringify(message)}`, async () => {
      refuseWith(status, message, type);
      expect(await storeErrorOf(store.get(id, { maxBytes: 10 }))).to.equal("unavailable");
      expect(await storeErrorOf(store.has(id))).to.equal("unavailable");
    });
  }

  it("is malformed for a file with a link of a shortened hash, which the daemon would give", async () => {
    const blocks = new Map(fileWithShortHash().map(({ cid, bytes }: Block) => [cid.toString(), bytes]));
    getBlock = (response, query) => response.end(blocks.get(query.get("arg") ?? ""));
    const [root] = fileWithShortHash();
    expect(await storeErrorOf(store.get(fromCid(root.cid), { maxBytes: 1000 }))).to.equal("malformed");
  });

  it("has a few providers dialled at once, the best first, and reads while they are silent", async () => {
    const providers = Array.from({ length: 300 }, (_, index) => `/ip4/127.0.0.1/tcp/1/p2p/${peerIdOf(index)}`);
    getBlock = (response) => void setTimeout(() => response.end(leaf.bytes), 300);
    expect(await store.get(id, { maxBytes: 10, providers })).to.deep.equal(leaf.bytes);
    expect(dialled).to.have.members(providers.slice(0, 8));
  });

  it("rejects with the signal's reason at once when that is aborted in the middle of a fetch", async () => {
    const reason = new Error("the vote is over");
    const giveUp = new AbortController();
    getBlock = () => giveUp.abort(reason);
    const fetched = store.get(id, { maxBytes: 10, timeoutMilliseconds: 600_000, signal: giveUp.signal });
    expect(await fetched.catch((error: unknown) => error)).to.equal(reason);
  });
});
