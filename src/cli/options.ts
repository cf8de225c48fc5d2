import { type Command, InvalidArgumentError, Option } from "commander";
import { formatUnits, getAddress, isAddress, parseUnits } from "ethers";

import { ballots, selections } from "../ledger/types.ts";
import type { HttpAddress } from "../node/operation/server.ts";
import { typed, type TypedParser } from "./config/value-type.ts";

/**
 * Parsers of option values: what they refuse becomes one line that names the option and the value, and exit code 2. What
 * is not text in a configuration file is `typed`.
 */

type Parser<T> = TypedParser<[text: string], T>;

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Parser<number> {
  const bounds = { minimum: min, ...(max === Number.MAX_SAFE_INTEGER ? {} : { maximum: max }) };
  return typed({ type: "integer", ...bounds }, (text: string) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(
        max === Number.MAX_SAFE_INTEGER
          ? `It must be a whole number, ${min} or more.`
          : `It must be a whole number from ${min} to ${max}.`,
      );
    }
    return value;
  });
}

/** A number with the bounds left out. */
export function between(low: number, high: number): Parser<number> {
  return typed({ type: "number", exclusiveMinimum: low, exclusiveMaximum: high }, (text: string) => {
    const value = Number(text);
    if (text.trim() === "" || !(value > low && value < high)) {
      throw new InvalidArgumentError(`It must be a number above ${low} and below ${high}.`);
    }
    return value;
  });
}

/** A number, the bound included. */
export function atLeast(low: number): Parser<number> {
  return typed({ type: "number", minimum: low }, (text: string) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= low && Number.isFinite(value))) {
      throw new InvalidArgumentError(`It must be a number, ${low} or more.`);
    }
    return value;
  });
}

/** A fraction of the voters: from 0 up to but without 1, as far as basis points can tell. */
export const fraction = typed({ type: "number", minimum: 0, exclusiveMaximum: 1 }, (text: string): number => {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && basisPoints(value) < 10_000)) {
    throw new InvalidArgumentError("It must be a number from 0 up to, but below, 1.");
  }
  return value;
});

export function basisPoints(part: number): number {
  return Math.round(part * 10_000);
}

/** `INDEX/LEARNERS`, for example 0/3: which part of a shared data set a learner holds. */
export const shard = typed({ type: "string", pattern: "^\\d+/\\d+$" }, parseShard, formatShard);

interface ShardOption {
  readonly index: number;
  readonly learners: number;
}

function formatShard({ index, learners }: ShardOption): string {
  return `${index}/${learners}`;
}

function parseShard(text: string): ShardOption {
  const [index, learners] = text.split("/").map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  if (index === undefined || learners === undefined || !(index < learners) || text.split("/").length !== 2) {
    throw new InvalidArgumentError("It must be INDEX/LEARNERS with an index below the number of learners, as 0/3.");
  }
  return { index, learners };
}

export function experimentId(text: string): bigint {
  if (!/^[1-9]\d{0,76}$/.test(text)) throw new InvalidArgumentError("It must be an experiment's number, as 1.");
  return BigInt(text);
}

export function address(text: string): string {
  if (!isAddress(text)) throw new InvalidArgumentError("It must be an address: 0x and 40 hex digits.");
  return getAddress(text);
}

/** A price of gas in gwei, as wei. */
const gwei = typed({ type: "number", exclusiveMinimum: 0 }, parseGwei, (wei) => formatUnits(wei, "gwei"));

function parseGwei(text: string): bigint {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text) || Number(text) === 0) {
    throw new InvalidArgumentError("It must be a number of gwei above 0, as 30 or 0.5.");
  }
  return parseUnits(text, "gwei");
}

/** Lists that come from a configuration file or the environment. */
const inherited = new WeakSet<readonly string[]>();

/** Marks a list: a flag does not add to it, but takes its place. */
export function inherit(list: readonly string[]): readonly string[] {
  inherited.add(list);
  return list;
}

/** An option that may be repeated. */
export const collect = typed(
  { type: "array", items: { type: "string" } },
  (value: string, previous: readonly string[] = []): string[] => [...(inherited.has(previous) ? [] : previous), value],
);

export interface ChainOptions {
  readonly rpc: readonly string[];
  readonly chainId?: number;
}

export interface ContractOptions extends ChainOptions {
  readonly contract: string;
}

export interface KeyOptions {
  readonly key?: string;
  readonly keys?: string;
  readonly passphraseFile?: string;
  readonly passphraseFd?: number;
  readonly devAccount?: number;
  /** Wei for a unit of gas. */
  readonly maxFee?: bigint;
  /** Blocks, the transaction's own included. */
  readonly confirmations?: number;
}

const RPC_DEFAULT = inherit(["http://127.0.0.1:8545"]);

/** One address, or several with commas between. Flags add to flags, and take the place of all else. */
const addresses = typed(
  { type: ["string", "array"], items: { type: "string" } },
  (text: string, previous?: readonly string[]): readonly string[] => {
    const given = text.split(",").map((address) => address.trim());
    if (previous === undefined) return inherit(given);
    return inherited.has(previous) ? given : [...previous, ...given];
  },
);

/** Adds the options that say which chain. */
export function withChain(command: Command): Command {
  return command
    .addOption(
      new Option("--rpc <url>", "JSON-RPC endpoint of the chain; more with commas, or repeated, stand in for it")
        .env("COLEARN_RPC")
        .default(RPC_DEFAULT, RPC_DEFAULT.join())
        .argParser(addresses),
    )
    .addOption(
      new Option("--chain-id <id>", "refuse any other chain than this").env("COLEARN_CHAIN_ID").argParser(integer(1)),
    );
}

/** Adds the options that say which contract on which chain. */
export function withContract(command: Command): Command {
  return withChain(command).addOption(contractOption().makeOptionMandatory());
}

export function contractOption(): Option {
  return new Option("--contract <address>", "address of the contract, as `colearn deploy` prints it").env(
    "COLEARN_CONTRACT",
  );
}

/** Adds the options that say where keys are, and what opens them. */
export function withKeyFolder(command: Command): Command {
  return command
    .addOption(new Option("--keys <dir>", "folder of keys (default: colearn/keys in the user's folder of settings)"))
    .addOption(
      new Option("--passphrase-file <file>", "file with the keystore's passphrase; without it the terminal asks").env(
        "COLEARN_PASSPHRASE_FILE",
      ),
    )
    .addOption(
      new Option(
        "--passphrase-fd <n>",
        "open file descriptor to read the passphrase from, as 3 of `3< file`",
      ).argParser(integer(0, 1023)),
    );
}

/** Adds the options that say whose key signs. */
export function withKey(command: Command): Command {
  command.addOption(
    new Option(
      "--key <file|name>",
      "the key that signs: a file (V3 keystore, or hex), or its name in `colearn key`",
    ).env("COLEARN_KEY_FILE"),
  );
  return withKeyFolder(command)
    .addOption(
      new Option("--dev-account <n>", "one of the public test accounts of a local Hardhat chain, from 0").argParser(
        integer(0, 999),
      ),
    )
    .addOption(
      new Option("--max-fee <gwei>", "sign nothing that offers more for a unit of gas; 500 if left out")
        .env("COLEARN_MAX_FEE")
        .argParser(gwei),
    )
    .addOption(
      new Option("--confirmations <n>", "blocks deep until a transaction is done; what suits the network if left out")
        .env("COLEARN_CONFIRMATIONS")
        .argParser(integer(1, 1_000)),
    );
}

/** Adds `--json`. */
export function withJson(command: Command): Command {
  return command.option("--json", "print JSON on standard output and nothing else there");
}

/** `--backend`, the same wherever something is trained. */
export function backendOption(): Option {
  return new Option("--backend <name>", "what computes").choices(["auto", "node", "wasm", "cpu"]).default("auto");
}

/** `--selection`, the same wherever an experiment is made. */
export function selectionOption(): Option {
  return new Option("--selection <how>", "how proposers are selected").choices(selections).default("round-robin");
}

/** `--ballot`, the same wherever an experiment is made. */
export function ballotOption(): Option {
  return new Option("--ballot <kind>", "sealed: nobody sees a vote until all are in").choices(ballots).default("open");
}

/** `--votes`, the same wherever nodes are run. */
export function votesOption(): Option {
  return new Option("--votes <how>", "relayed: signed, and sent together by whoever proposed")
    .choices(["direct", "relayed"])
    .default("direct");
}

const HTTP_DEFAULT = "127.0.0.1:0";
const LOOPBACK = "127.0.0.1";

/** Where health and metrics are told. (Commander knows no option whose value is undefined.) */
export type HttpOption = HttpAddress | "off";

const httpAddress = typed({ type: ["string", "integer"] }, parseHttp, (address) =>
  address === "off" ? address : `${address.host}:${address.port}`,
);

function parseHttp(text: string): HttpOption {
  if (text === "off") return text;
  const [, , ipv6, name, digits = ""] = /^((?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535) {
    throw new InvalidArgumentError("It must be a port, as 9464, or an address, as 0.0.0.0:9464 or [::1]:9464, or off.");
  }
  return { host: ipv6 ?? name ?? LOOPBACK, port };
}

/** `--http`, the same wherever something runs on. */
export function httpOption(): Option {
  return new Option("--http <address>", "[host:]port where /healthz, /readyz and /metrics are answered, or off")
    .argParser(httpAddress)
    .default(parseHttp(HTTP_DEFAULT), `${HTTP_DEFAULT}, a port chosen by the system`);
}

/** `--log-level`, the same wherever something runs on. */
export function logLevelOption(): Option {
  return new Option("--log-level <level>", "how much is logged on standard error")
    .choices(["debug", "info", "warn", "error", "silent"])
    .default("info");
}
