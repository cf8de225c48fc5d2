import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import { Command, Option } from "commander";

import { configure, strayVariables } from "../../../src/cli/config/apply.ts";
import { createSchema } from "../../../src/cli/config/schema.ts";
import { allCommands, allSettings, settingsOf } from "../../../src/cli/config/settings.ts";
import { formatValue, valueTypeOf } from "../../../src/cli/config/value-type.ts";
import { collect, integer, shard } from "../../../src/cli/options.ts";
import { UserError } from "../../../src/errors.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What a value is, without its bounds: each command looks at these itself. */
function kindOf(option: Option): object {
  const { type, enum: names, items } = valueTypeOf(option);
  return { type, names, items };
}

describe("the settings of all commands", function () {
  // All commands are loaded, and what computes with them.
  this.timeout(60_000);

  it("are those of the published schema (`colearn config schema` prints it)", async () => {
    const published: unknown = JSON.parse(readFileSync("schema/colearn.config.schema.json", "utf8"));
    expect(published).to.deep.equal(JSON.parse(JSON.stringify(createSchema(await allSettings()))));
  });

  it("mean the same in every command that has them", async () => {
    const all = await allSettings();
    for (const command of await allCommands()) {
      for (const { name, variable, option } of settingsOf(command)) {
        const first = all.get(name)!;
        expect(kindOf(option), `${command.name()} --${option.name()}`).to.deep.equal(kindOf(first.option));
        expect(variable).to.equal(first.variable);
        // `colearn config show` knows one: a command may only have another where that is none.
        const shown: unknown = first.option.defaultValue;
        if (shown === undefined) continue;
        expect(option.defaultValue, `${command.name()} --${option.name()}`).to.deep.equal(shown);
      }
    }
  });

  it("have a variable each, and none of them is a passphrase or a key", async () => {
    const variables = [...(await allSettings()).values()].map(({ variable }) => variable);
    expect(new Set(variables).size).to.equal(variables.length);
    expect(variables).to.include.members(["COLEARN_RPC", "COLEARN_KEY_FILE", "COLEARN_FETCH_TIMEOUT"]);
    expect(variables).not.to.include.members(["COLEARN_KEY"]);
    expect(variables.filter((variable) => variable.includes("PASSPHRASE"))).to.deep.equal(["COLEARN_PASSPHRASE_FILE"]);
  });
});

describe("file, environment and flags", () => {
  interface Seen {
    readonly values: Record<string, unknown>;
    readonly sources: Record<string, string | undefined>;
  }

  /** Runs a command with some options, and gives what it saw. */
  async function run(file: object, environment: Record<string, string>, flags: readonly string[]): Promise<Seen> {
    using folder = temporaryFolder();
    const path = join(folder.path, "colearn.config.json");
    writeFileSync(path, JSON.stringify(file));
    let seen: Seen | undefined;
    const program = new Command().exitOverride().configureOutput({ outputError: () => undefined });
    program
      .command("work")
      .addOption(new Option("--rpc <url>").env("COLEARN_RPC").default("http://default"))
      .addOption(new Option("--contract <address>").makeOptionMandatory())
      .option("--rounds <n>", "", integer(1))
      .option("--peer <multiaddr>", "", collect)
      .option("--shard <i/n>", "", shard)
      .option("--relay")
      .option("--home <dir>")
      .option("--key <file|name>")
      .option("--dev-account <n>", "", integer(0))
      .action((values: Record<string, unknown>, command: Command) => {
        const names = Object.keys(values).filter((name) => name !== "config");
        const relative = (value: unknown) =>
          typeof value === "string" ? value.replace(`${folder.path}/`, "HERE/") : value;
        seen = {
          values: Object.fromEntries(names.map((name) => [name, relative(values[name])])),
          sources: Object.fromEntries(names.map((name) => [name, command.getOptionValueSource(name)])),
        };
      });
    const argv = ["work", ...(flags.includes("--no-config") ? [] : ["--config", path]), ...flags];
    configure(program, argv, environment);
    await program.parseAsync(argv, { from: "user" });
    return seen!;
  }

  const contract = { contract: "0x1" };
  const refuses = async (promise: Promise<unknown>, message: RegExp) => {
    const error: unknown = await promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(UserError);
    expect((error as UserError).message).to.match(message);
  };

  it("take precedence in this order", async () => {
    const file = { ...contract, rpc: "http://file" };
    const environment = { COLEARN_RPC: "http://environment" };
    expect((await run(contract, {}, [])).values.rpc).to.equal("http://default");
    expect((await run(file, {}, [])).values.rpc).to.equal("http://file");
    expect((await run(file, environment, [])).values.rpc).to.equal("http://environment");
    expect((await run(file, environment, ["--rpc", "http://flag"])).values.rpc).to.equal("http://flag");
  });

  it("tell where a value comes from", async () => {
    const { sources } = await run({ ...contract, rounds: 3 }, { COLEARN_RPC: "http://e" }, ["--home", "h"]);
    expect(sources).to.include({ contract: "config", rounds: "config", rpc: "env", home: "cli" });
  });

  it("satisfy an option that must be given", async () => {
    expect((await run(contract, {}, [])).values.contract).to.equal("0x1");
    expect((await run({}, { COLEARN_CONTRACT: "0x2" }, [])).values.contract).to.equal("0x2");
  });

  it("replace each other's lists, and flags add to flags", async () => {
    const file = { ...contract, peer: ["/file"] };
    const environment = { COLEARN_PEER: "/one, /two" };
    expect((await run(file, {}, [])).values.peer).to.deep.equal(["/file"]);
    expect((await run(file, environment, [])).values.peer).to.deep.equal(["/one", "/two"]);
    expect((await run(file, environment, ["--peer", "/a", "--peer", "/b"])).values.peer).to.deep.equal(["/a", "/b"]);
  });

  it("are parsed as flags are", async () => {
    const { values } = await run({ ...contract, shard: "1/3", relay: true }, { COLEARN_ROUNDS: "7" }, []);
    expect(values).to.deep.include({ shard: { index: 1, learners: 3 }, relay: true, rounds: 7 });
    expect((await run({ ...contract, relay: true }, { COLEARN_RELAY: "false" }, [])).values.relay).to.equal(false);
    await refuses(run({ ...contract, shard: "3/3" }, {}, []), /colearn\.config\.json: shard cannot be used: .*INDEX/);
    await refuses(
      run(contract, { COLEARN_ROUNDS: "0" }, []),
      /^COLEARN_ROUNDS in the environment cannot be used: .*1 or/,
    );
    await refuses(run(contract, { COLEARN_RELAY: "1" }, []), /^COLEARN_RELAY .* must be true or false/);
  });

  it("count an empty variable as none", async () => {
    expect((await run(contract, { COLEARN_RPC: "", COLEARN_ROUNDS: "" }, [])).values.rpc).to.equal("http://default");
  });

  it("start a relative path in the file's folder, and leave a key's name alone", async () => {
    const paths = async (file: object) => (await run({ ...contract, ...file }, {}, [])).values;
    expect(await paths({ home: "node0", key: "./key.json" })).to.include({ home: "HERE/node0", key: "HERE/key.json" });
    expect(await paths({ home: "/abs", key: "learner-1" })).to.include({ home: "/abs", key: "learner-1" });
    expect((await run(contract, { COLEARN_HOME: "node0" }, [])).values.home).to.equal("node0");
  });

  it("choose between a key and a test account by precedence", async () => {
    const { values } = await run({ ...contract, key: "learner-1" }, {}, ["--dev-account", "3"]);
    expect(values).to.deep.include({ key: undefined, devAccount: 3 });
    const other = await run({ ...contract, devAccount: 3 }, {}, ["--key", "learner-1"]);
    expect(other.values).to.deep.include({ key: "learner-1", devAccount: undefined });
    const both = await run({ ...contract, devAccount: 3, key: "learner-1" }, {}, []);
    expect(both.values).to.deep.include({ key: "learner-1", devAccount: 3 });
  });

  it("are not looked at with --no-config", async () => {
    const { values } = await run({ rpc: "http://file" }, { COLEARN_RPC: "http://e" }, [
      ...["--no-config", "--contract", "0x3"],
    ]);
    expect(values).to.include({ rpc: "http://default", contract: "0x3" });
  });
});

describe("variables that look like settings", () => {
  it("are told when no setting has their name", async () => {
    const settings = (await allSettings()).values();
    const environment = { COLEARN_RCP: "x", COLEARN_RPC: "x", COLEARN_CONFIG: "x", COLEARN_PYTHON: "x", PATH: "x" };
    expect(strayVariables(environment, settings)).to.deep.equal(["COLEARN_RCP"]);
  });
});

describe("a value as text", () => {
  it("is what gives that value", async () => {
    const settings = await allSettings();
    for (const [name, text] of Object.entries({ shard: "2/5", maxFee: "0.5", rounds: "7", home: "a" })) {
      const { option } = settings.get(name)!;
      expect(formatValue(option, option.parseArg ? option.parseArg<unknown>(text, undefined) : text)).to.equal(text);
    }
  });
});
