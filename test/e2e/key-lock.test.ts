import { cp } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { until } from "./support/colearn.ts";
import { colearnAt } from "./support/colearn-at.ts";
import { createExperiment, type TestExperiment } from "./support/experiment.ts";
import { startRelay } from "./support/relay.ts";

describe("two processes with one key", function () {
  this.timeout(120_000);
  let experiment: TestExperiment;

  before(async () => {
    experiment = await createExperiment(["--learners", "3", "--rounds", "2"]);
  });

  after(() => experiment[Symbol.asyncDispose]());

  /** A command with account 0's key and a folder of its own; it must be refused in one line. */
  async function refused(command: string, home: string, ...extra: readonly string[]): Promise<void> {
    const target = [experiment.id.toString(), "--rpc", experiment.rpc, "--contract", experiment.ledger.address];
    const own = ["--dev-account", "0", "--home", home, ...extra];
    const place = { folder: experiment.folder, environment: { XDG_STATE_HOME: experiment.folder } };
    const { code, stdout, stderr } = await colearnAt(place, [command, ...target, ...own]);
    const { address } = await experiment.transactor(0);
    expect(stderr).to.equal(
      `error: another node or relay on this machine runs with the key of ${address} ` +
        "(stop it, or give this one a key of its own)\n",
    );
    expect(stdout).to.equal("");
    expect(code).to.equal(2);
  }

  it("are refused, with a copy of the first one's folder as with another; after SIGKILL the next one starts", async () => {
    const first = experiment.startNode(0);
    await until("the first is ready", () => first.told("ready"));
    const copy = join(experiment.folder, "copy");
    await cp(experiment.home(0), copy, { recursive: true });
    const key = (await experiment.transactor(0)).address;
    const nonce = () => experiment.ledger.provider.getTransactionCount(key, "pending");
    await until(
      "it has joined",
      async () => (await experiment.ledger.snapshot(experiment.id, key)).index !== undefined,
    );
    const before = await nonce();
    await refused("node", copy, "--shard", "0/100");
    await refused("node", join(experiment.folder, "other"), "--shard", "0/100");
    await refused("relay", join(experiment.folder, "relay"));
    expect(await nonce(), "nothing was sent").to.equal(before);

    first.kill("SIGKILL");
    await until("it is dead", () => !first.running);
    const second = experiment.startNode(0);
    await until("the second is ready", () => second.told("ready"));
    await second.stop();
    // What stops in peace leaves the key too.
    await using relay = await startRelay(experiment, 0);
    expect(relay.exitCode).to.equal(null);
    await refused("node", experiment.home(0), "--shard", "0/100");
  });
});
