import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { devAccount } from "../../src/ledger/dev-accounts.ts";
import { openStore } from "../../src/node/open-store.ts";
import { colearn, colearnJson, until } from "./support/colearn.ts";
import { createExperiment } from "./support/experiment.ts";

describe("an invitation that the coordinator signs", function () {
  this.timeout(120_000);

  it("lets exactly its learner in, and costs the coordinator nothing", async () => {
    const args = ["--learners", "3", "--invited", "--selection", "random", "--steps-per-proposal", "3"];
    await using experiment = await createExperiment(args);
    const { ledger, rpc, id, folder } = experiment;
    const { provider } = ledger;
    const target = [id.toString(), "--rpc", rpc, "--contract", ledger.address];
    const learner = devAccount(2).address;
    await provider.send("hardhat_setBalance", [devAccount(0).address, "0x0"]);

    const invite = ["invite", ...target, "--dev-account", "0", "--sign"];
    const printed = await colearnJson<{ invitation: string }>([...invite, learner]);
    expect(printed).to.include({ experiment: Number(id), learner });
    const written = await colearn([...invite, learner, "--out", folder]);
    const file = join(folder, `invitation-${id}-${learner}.json`);
    expect(written).to.include({ code: 0, stdout: `${file}\n` });
    expect(JSON.parse(readFileSync(file, "utf8"))).to.deep.equal(printed);

    const joinAs = (account: number, invitation: string) =>
      colearn(["join", ...target, "--dev-account", String(account), "--invitation", invitation]);
    const { code, stderr } = await joinAs(3, printed.invitation);
    expect(code).to.equal(2);
    expect(stderr).to.match(/^error: the contract refused to join: NotInvited\(.*\n$/);
    const foreign = await joinAs(3, file);
    expect(foreign.code).to.equal(2);
    expect(foreign.stderr).to.match(/^error: the invitation in .* is for 0x3C44.*\n$/);
    const empty = join(folder, "empty.json");
    writeFileSync(empty, "{}");
    expect((await joinAs(2, empty)).stderr).to.match(/^error: .* holds no signed invitation .*\n$/);

    expect(await joinAs(2, file)).to.deep.include({ code: 0, stderr: "" });
    const joined = await ledger.learner(id, learner);
    expect(joined.index).to.equal(0);
    expect(joined.link, "the end of its hash chain").to.match(/^0x[0-9a-f]{64}$/);
    expect((await ledger.snapshot(id)).learnerCount).to.equal(1);

    // A node joins with one by itself.
    await using resources = new AsyncDisposableStack();
    const store = await openStore({ home: experiment.home(0) });
    resources.defer(() => store.stop());
    const { invitation } = await colearnJson<{ invitation: string }>([...invite, devAccount(1).address]);
    const peers = (await store.addresses()).flatMap((address) => ["--peer", address]);
    const node = experiment.startNode(1, ["--invitation", invitation, ...peers]);
    await until("the node has joined", () => node.told("joined"));
    expect((await ledger.learner(id, devAccount(1).address)).index).to.equal(1);
    expect(await provider.getTransactionCount(devAccount(0).address), "deploying and creating").to.equal(2);
  });

  it("is signed by the coordinator only, and votes are relayed by embedded stores only", async () => {
    await using experiment = await createExperiment(["--learners", "2", "--invited", "--steps-per-proposal", "3"]);
    const { ledger, rpc, id, folder } = experiment;
    const target = [id.toString(), "--rpc", rpc, "--contract", ledger.address];
    const stranger = await colearn(["invite", ...target, "--dev-account", "1", "--sign", devAccount(2).address]);
    expect(stranger.code).to.equal(2);
    expect(stranger.stderr).to.match(/^error: 0x7099.* is not the coordinator of experiment 1 \(.*\n$/);

    const node = ["node", ...target, "--dev-account", "1", "--home", join(folder, "node"), "--shard", "0/9"];
    const daemon = await colearn([...node, "--votes", "relayed", "--kubo", "http://127.0.0.1:1"]);
    expect(daemon.code).to.equal(2);
    expect(daemon.stderr).to.match(/^error: votes are relayed between embedded stores.*\n$/);
    const direct = await colearn([...node, "--relayer", "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWx"]);
    expect(direct.code).to.equal(2);
    expect(direct.stderr).to.match(/^error: --relayer is of no use .*\n$/);
  });
});
