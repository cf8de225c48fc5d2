import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { temporaryFolder } from "./support/colearn.ts";
import { colearnAt } from "./support/colearn-at.ts";

interface Shown {
  readonly file: string | null;
  readonly settings: readonly {
    readonly setting: string;
    readonly value: string | null;
    readonly from: string | null;
  }[];
  readonly ignored: readonly string[];
}

describe("colearn config", function () {
  this.timeout(120_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  afterEach(() => folder[Symbol.asyncDispose]());

  const run = (args: string[], environment: Record<string, string> = {}) =>
    colearnAt({ folder: folder.path, environment }, args);
  const write = (settings: object, file = "colearn.config.json") =>
    writeFile(join(folder.path, file), JSON.stringify(settings));

  it("shows each setting with its value and where it comes from", async () => {
    await write({ rpc: "https://user:hush@rpc.example.org/hush", rounds: 3, home: "node0" });
    const { code, stdout, stderr } = await run(["config", "show", "--json", "--split", "label-skew"], {
      COLEARN_ROUNDS: "4",
      COLEARN_LISTN: "x",
    });
    expect(code, stderr).to.equal(0);
    const { file, settings, ignored } = JSON.parse(stdout) as Shown;
    expect(file).to.equal("colearn.config.json");
    expect(ignored).to.deep.equal(["COLEARN_LISTN"]);
    const shown = Object.fromEntries(settings.map(({ setting, value, from }) => [setting, [from, value]]));
    expect(shown).to.deep.include({
      rpc: ["file", "https://rpc.example.org/…"],
      rounds: ["environment", "4"],
      split: ["flag", "label-skew"],
      votes: ["default", "direct"],
      contract: [null, null],
      home: ["file", join(folder.path, "node0")],
    });
  });

  it("shows the same to people", async () => {
    await write({ rounds: 3 });
    const { stdout } = await run(["config", "show"], { COLEARN_LISTN: "x" });
    expect(stdout).to.include("The configuration file is colearn.config.json.");
    expect(stdout).to.match(/^ {2}rounds +file +3$/m);
    expect(stdout).to.match(/^ {2}votes +default +direct$/m);
    expect(stdout).to.match(/COLEARN_LISTN is no setting and is ignored: did you mean COLEARN_LISTEN\?/);
  });

  it("prints the schema that is published", async () => {
    await write({ unknown: 1 });
    const { code, stdout } = await run(["config", "schema"]);
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.have.nested.property("properties.fetchTimeout.minimum", 1);
  });

  it("gives every command its settings, flags before file", async () => {
    await write({ rpc: "http://127.0.0.1:1", contract: "0x12" });
    expect((await run(["status"])).stderr).to.match(/answers at 127\.0\.0\.1:1:/);
    expect((await run(["status", "--rpc", "http://127.0.0.1:2"])).stderr).to.match(/answers at 127\.0\.0\.1:2:/);
    expect((await run(["status", "--no-config"])).stderr).to.match(/required option '--contract/);
    await write({ rpc: "http://127.0.0.1:3", contract: "0x12" }, "other.json");
    expect((await run(["status", "--config", "other.json"])).stderr).to.match(/answers at 127\.0\.0\.1:3:/);
    expect((await run(["status"], { COLEARN_CONFIG: "other.json" })).stderr).to.match(/answers at 127\.0\.0\.1:3:/);
  });

  it("is refused in one line with exit code 2 where it has an unknown setting, but not for help", async () => {
    await write({ contrat: "0x12" });
    const { code, stdout, stderr } = await run(["status"]);
    expect(stderr).to.match(
      /^error: colearn\.config\.json has an unknown setting "contrat" \(did you mean "contract"\?.*\)\n$/,
    );
    expect(stdout).to.equal("");
    expect(code).to.equal(2);
    for (const args of [["status", "--help"], ["help", "status"], ["--version"]]) {
      expect((await run(args)).code, args.join(" ")).to.equal(0);
    }
    expect((await run(["status", "--config", "missing.json"])).stderr).to.match(/missing\.json cannot be read/);
  });
});
