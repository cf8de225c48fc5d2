import { resolve } from "node:path";

import { type Command, CommanderError, type Option, type OptionValueSource } from "commander";

import { inherit } from "../options.ts";
import { readConfigFile, unusable, type ConfigFile, type ConfigValue } from "./file.ts";
import { settingsOf, withSubcommands, type Setting } from "./settings.ts";
import { valueTypeOf } from "./value-type.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where settings come from that no flag gives. */
interface Sources {
  readonly file: ConfigFile | undefined;
  readonly environment: Environment;
}

/** @throws UserError where the file cannot be used */
function findSources(argv: readonly string[], environment: Environment): Sources {
  const flag = lastConfigFlag(argv);
  if (flag === false) return { file: undefined, environment: {} };
  return { file: readConfigFile(flag ?? given(environment.COLEARN_CONFIG)), environment };
}

/** Shells have it that an empty variable is none. */
function given(variable: string | undefined): string | undefined {
  return variable === "" ? undefined : variable;
}

/** The file that the last --config names; false for --no-config. */
function lastConfigFlag(argv: readonly string[]): string | false | undefined {
  const end = argv.indexOf("--");
  const flags = end === -1 ? argv : argv.slice(0, end);
  let last: string | false | undefined;
  for (const [at, flag] of flags.entries()) {
    if (flag === "--no-config") last = false;
    else if (flag === "--config") last = flags[at + 1] ?? last;
    else if (flag.startsWith("--config=")) last = flag.slice("--config=".length);
  }
  return last;
}

/**
 * Has a command, and those beneath it, take settings from file and environment. Neither is looked at for help.
 * @param argv the whole command line: settings must be in their place before it is parsed
 */
export function configure(program: Command, argv: readonly string[], environment: Environment): void {
  const isHelp = argv[0] === "help" || argv.includes("--help") || argv.includes("-h");
  for (const command of withSubcommands(program)) {
    withConfig(command);
    command.hook("preSubcommand", (_parent, child) => {
      if (isHelp || settingsOf(child).length === 0) return;
      applySources(child, findSources(argv, environment));
    });
  }
  program.hook("preAction", (_program, command) => {
    settleAlternatives(command);
  });
}

/** Adds the options that say where settings come from, to a command that has any. */
function withConfig(command: Command): void {
  if (settingsOf(command).length === 0) return;
  command
    .option("--config <file>", "take settings from this file (default: colearn.config.json, if it is here)")
    .option("--no-config", "take settings from flags alone, not from a file or the environment");
}

/**
 * Puts file and environment, in this order, into a command that is parsed later: then flags take the place of both.
 * @throws UserError where a value is none for its option
 */
function applySources(command: Command, { file, environment }: Sources): void {
  if (file !== undefined) command.setOptionValueWithSource("config", file.path, "config");
  for (const { name, variable, option } of settingsOf(command)) {
    // Commander would read it again, and with --no-config too.
    option.envVar = undefined;
    const value = file?.values.get(name);
    if (file !== undefined && value !== undefined) {
      set(command, option, fromFile(file, option, value), "config", `${file.path}: ${name}`);
    }
    const text = given(environment[variable]);
    if (text !== undefined) set(command, option, fromText(option, text), "env", `${variable} in the environment`);
  }
}

/** A relative path in a file starts in the file's folder; a name of a key, or a signature, is no path. */
function fromFile({ folder }: ConfigFile, { flags }: Option, value: ConfigValue): ConfigValue {
  if (typeof value !== "string") return value;
  const isPath = /<(dir|file)>/.test(flags) || (/<file\|\w+>/.test(flags) && /[./\\]/.test(value));
  return isPath ? resolve(folder, value) : value;
}

function fromText(option: Option, text: string): ConfigValue {
  const { type } = valueTypeOf(option);
  if (type === "array") return text.split(/[\s,]+/).filter((part) => part !== "");
  if (type === "boolean" && /^(true|false)$/.test(text)) return text === "true";
  return text;
}

function set(command: Command, option: Option, value: ConfigValue, source: OptionValueSource, what: string): void {
  command.setOptionValueWithSource(option.attributeName(), parse(option, value, what), source);
}

function parse(option: Option, value: ConfigValue, what: string): unknown {
  if (typeof value === "object") return inherit(value);
  if (valueTypeOf(option).type === "boolean") {
    if (typeof value === "boolean") return value;
    throw unusable(what, "It must be true or false.");
  }
  if (option.parseArg === undefined) return value;
  try {
    return option.parseArg<unknown>(String(value), undefined);
  } catch (error) {
    if (error instanceof CommanderError) throw unusable(what, error.message);
    throw error;
  }
}

/** Settings of which one is enough: where two are given in different places, the one that takes precedence counts. */
const ALTERNATIVES = [
  ["key", "devAccount"],
  ["task", "learner"],
];
const PRECEDENCE = ["default", "config", "env", "cli"];

/** Settles alternatives, once flags are known too. Two from the same place stay: that is a mistake to be told. */
function settleAlternatives(command: Command): void {
  const rank = (name: string) => PRECEDENCE.indexOf(command.getOptionValueSource(name) ?? "");
  for (const names of ALTERNATIVES) {
    const present = names.filter((name) => command.getOptionValue(name) !== undefined);
    const highest = Math.max(...present.map(rank));
    for (const name of present) {
      if (rank(name) < highest) command.setOptionValue(name, undefined);
    }
  }
}

/** Variables that look like settings and are none. */
export function strayVariables(environment: Environment, settings: Iterable<Setting>): string[] {
  const known = new Set([...settings].map(({ variable }) => variable));
  return Object.keys(environment)
    .filter((variable) => variable.startsWith("COLEARN_") && !known.has(variable) && !OTHERS.has(variable))
    .sort();
}

/** The file itself, and what only this repository's tests, benchmarks and deployments look at. */
const OTHERS: ReadonlySet<string> = new Set([
  "COLEARN_CONFIG",
  "COLEARN_VERIFIERS",
  "COLEARN_PYTHON",
  "COLEARN_ANVIL",
  "COLEARN_ANVIL_URL",
  "COLEARN_FUZZ_RUNS",
  "COLEARN_FUZZ_SEED",
  "COLEARN_INVARIANT_RUNS",
  "COLEARN_INVARIANT_DEPTH",
  "COLEARN_MODEL_RUNS",
  "COLEARN_MODEL_SEED",
  "COLEARN_PEER_KERNELS",
  "COLEARN_WASM_VECTORS",
]);
