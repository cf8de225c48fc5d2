import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";

import { expect } from "chai";

import { SmallDisk } from "../../scripts/chaos/small-disk.ts";
import { ColearnError } from "../../src/errors.ts";
import { Journal } from "../../src/node/journal.ts";
import { openHeliaStore } from "../../src/storage/helia.ts";
import { RAW } from "../../src/weights/content-id.ts";
import { temporaryFolder, until } from "./support/colearn.ts";
import { createExperiment } from "./support/experiment.ts";

const MEGABYTES = 16;

describe("on a full disk", function () {
  this.timeout(120_000);
  let resources: AsyncDisposableStack;

  beforeEach(() => {
    resources = new AsyncDisposableStack();
  });

  afterEach(() => resources.disposeAsync());

  /** Skips the test, and says why, where nobody may mount a disk. */
  async function diskAt(test: Mocha.Context, folder: string): Promise<SmallDisk> {
    const disk = await SmallDisk.mount(folder, MEGABYTES).catch(() => undefined);
    if (disk !== undefined) return resources.use(disk);
    process.stderr.write("      skipped: a small disk cannot be mounted here; root on Linux can\n");
    test.skip();
  }

  const codeOf = async (work: () => unknown): Promise<unknown> => {
    try {
      await work();
      return undefined;
    } catch (error) {
      return error instanceof ColearnError ? { code: error.code, hasRemedy: error.remedy !== undefined } : error;
    }
  };

  it("the journal says so, has written nothing, and writes when there is room again", async function () {
    const folder = resources.use(await temporaryFolder()).path;
    const disk = await diskAt(this, folder);
    const scope = { chain: "1:0x", contract: "0xC", experiment: 1n, learner: "0xL" };
    const journal = new Journal(join(folder, "journal.sqlite"), scope);
    resources.defer(() => journal.close());
    const proposal = { digest: `0x${"a".repeat(64)}`, codec: RAW };
    await disk.fill();
    expect(await codeOf(() => journal.recordProposal(1, proposal))).to.deep.equal({
      code: "journal-disk",
      hasRemedy: true,
    });
    expect(journal.round(1).proposal).to.be.undefined;
    await disk.clear();
    journal.recordProposal(1, proposal);
    expect(journal.round(1).proposal).to.deep.equal(proposal);
  });

  it("the store says so, and what it pins when there is room again outlives a restart and a collection", async function () {
    const folder = resources.use(await temporaryFolder()).path;
    const disk = await diskAt(this, folder);
    const directory = join(folder, "store");
    const store = await openHeliaStore({ directory });
    resources.defer(() => store.stop());
    await disk.fill();
    expect(await codeOf(() => store.add(randomBytes(1_000_000)))).to.deep.equal({
      code: "unavailable",
      hasRemedy: true,
    });
    await disk.clear();
    const id = await store.add(randomBytes(1_000_000));
    await store.stop();
    const again = await openHeliaStore({ directory });
    resources.defer(() => again.stop());
    await again.collectGarbage();
    expect(await again.has(id)).to.be.true;
  });

  it("a node goes on when there is room again, and has contradicted nothing", async function () {
    const windows = ["--propose-window", "10", "--vote-window", "10"];
    const experiment = resources.use(
      await createExperiment(["--task", "iris-mlp", "--learners", "3", "--rounds", "8", ...windows]),
    );
    const disk = await diskAt(this, experiment.home(2));
    const nodes = [0, 1, 2].map((account) => experiment.startNode(account, ["--shard", `${account}/3`]));
    const starved = nodes[2]!;
    await until("the node has voted", () => starved.told("voted"));
    await disk.fill();
    const log = () => readFile(join(experiment.folder, "node-2.2.log"), "utf8");
    await until("the log tells of the disk", async () => /journal-disk|the disk is full/.test(await log()));
    expect(await log()).to.match(/free some space/);
    await disk.clear();
    const acts = () => starved.events.filter(({ event }) => event === "voted" || event === "proposed").length;
    const before = acts();
    await until("the node takes part again", () => acts() > before);
    await experiment.completed();
    await until("it has finished", () => starved.told("finished"));
    expect(await log()).not.to.match(/journal-conflict/);
    await Promise.all(nodes.map((node) => node.stop()));
  });
});
