import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "chai";

import { openHeliaStore } from "../../src/storage/helia.ts";
import { startHeliaNode } from "../../src/storage/helia-node.ts";
import { temporaryFolder, until } from "./support/colearn.ts";

const protocol = "/colearn/test/1";

describe("questions between stores", function () {
  this.timeout(60_000);

  it("are answered while a peer holds all streams that it gets, over many connections, and says nothing", async () => {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(await temporaryFolder()).path;
    const [answers, asks] = [
      await openHeliaStore({ directory: `${folder}/answers` }),
      await openHeliaStore({ directory: `${folder}/asks` }),
    ];
    resources.defer(() => answers.stop());
    resources.defer(() => asks.stop());
    const silent = await startHeliaNode({ directory: `${folder}/silent`, listen: [], announce: [] });
    resources.defer(() => silent.stop());
    const refusals: string[] = [];
    await answers.messages.serve(
      protocol,
      async (question) => question,
      (error) => refusals.push(error instanceof Error ? error.message : String(error)),
    );
    const [address = ""] = await answers.addresses();
    let opened = 0;
    for (let connections = 0; connections < 8; connections++) {
      const connection = await silent.helia.libp2p.dial(multiaddr(address), { force: true });
      for (let streams = 0; streams < 8; streams++) {
        await connection.newStream(protocol);
        opened++;
      }
    }
    expect(opened).to.equal(64);
    const answer = await asks.messages.ask([address], protocol, Buffer.from("hello"), AbortSignal.timeout(10_000));
    expect(Buffer.from(answer).toString()).to.equal("hello");
    const refused = (reason: string) => refusals.filter((refusal) => refusal === reason).length;
    await until("all but the peer's eight are refused", () => refused("more than 8 streams of one peer") === 56);
    await until("the silent ones are ended", () => refused("no question came") === 8);
    expect(refusals).to.have.length(64);
  });
});
