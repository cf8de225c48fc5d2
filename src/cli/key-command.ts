import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { stdin } from "node:process";
import { text } from "node:stream/consumers";

import type { Command } from "commander";
import { Wallet, type BaseWallet } from "ethers";

import { UserError } from "../errors.ts";
import { defaultKeyFolder, findKeyFile, keyFile, requireName } from "./keys/folder.ts";
import { addressIn, encryptKey, isKeystore, parseHexKey } from "./keys/keystore.ts";
import { choosePassphrase, isReadByOthers, type PassphraseOptions, readTextFile } from "./keys/passphrase.ts";
import { writePrivateFile } from "./keys/private-file.ts";
import { withJson, withKeyFolder } from "./options.ts";
import { paint, print, printJson } from "./output.ts";

interface KeyCommandOptions extends PassphraseOptions {
  readonly keys?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const key = program.command("key").description("make, import and list keys: encrypted files that only you can read");
  const create = key
    .command("new")
    .description("make a key, as a V3 keystore with a passphrase")
    .argument("<name>", "what --key will call it");
  withJson(withKeyFolder(create))
    .addHelpText("after", "\nExample:\n  colearn key new learner-1")
    .action((name: string, options: KeyCommandOptions) => newKey(name, options));
  const add = key
    .command("import")
    .description("encrypt a private key in hex, as a V3 keystore with a passphrase")
    .argument("<name>", "what --key will call it")
    .argument("<file>", "file with the key in hex; - for standard input");
  withJson(withKeyFolder(add))
    .addHelpText("after", "\nExample:\n  colearn key import learner-1 old-key.hex")
    .action((name: string, file: string, options: KeyCommandOptions) => importKey(name, file, options));
  const list = key.command("list").description("list the keys in the folder and their addresses");
  withJson(withFolder(list)).addHelpText("after", "\nExample:\n  colearn key list --json").action(listKeys);
  const show = key
    .command("address")
    .description("print a key's address; no passphrase is needed")
    .argument("<key>", "its name, or its file");
  withJson(withFolder(show))
    .addHelpText("after", "\nExample:\n  colearn key address learner-1")
    .action((given: string, options: KeyCommandOptions) => showAddress(given, options));
}

function withFolder(command: Command): Command {
  return command.option("--keys <dir>", "folder of keys (default: colearn/keys in the user's folder of settings)");
}

const folderOf = ({ keys }: KeyCommandOptions) => keys ?? defaultKeyFolder();

async function newKey(name: string, options: KeyCommandOptions): Promise<void> {
  await store(name, options, async () => Wallet.createRandom());
}

async function importKey(name: string, from: string, options: KeyCommandOptions): Promise<void> {
  await store(name, options, async () => {
    if (from === "-" && stdin.isTTY) {
      throw new UserError("key", "a key is not typed at a terminal, where it would be seen", {
        remedy: "give the file that holds it",
      });
    }
    const read = from === "-" ? await text(stdin) : await readTextFile(findKeyFile(from, folderOf(options)), "key");
    const wallet = parseHexKey(read);
    if (wallet !== undefined) return wallet;
    const what = from === "-" ? "standard input" : from;
    throw isKeystore(read)
      ? new UserError("key", `${what} is a keystore already`, { remedy: "use it as it is: --key FILE" })
      : new UserError("key", `${what} holds no private key in hex`, { remedy: "give 64 hex digits and nothing else" });
  });
}

/** Finds out that a name is taken before it asks for anything. */
async function store(name: string, options: KeyCommandOptions, wallet: () => Promise<BaseWallet>): Promise<void> {
  const folder = folderOf(options);
  const file = keyFile(folder, requireName(name));
  if ((await entries(folder)).includes(`${name}.json`)) {
    throw new UserError("exists", `${file} is there already`, { remedy: "nothing is overwritten: take another name" });
  }
  const key = await wallet();
  const passphrase = await choosePassphrase(options, `the key ${name}`);
  await writePrivateFile(file, await encryptKey(key, passphrase));
  if (options.json) printJson({ name, address: key.address, file });
  else {
    print(
      `The key ${paint.bold(name)} has the address ${paint.bold(key.address)}.`,
      `It is in ${file}. Keep a copy of that file and its passphrase: nobody can restore either.`,
      `For the next commands: --key ${name}${options.keys === undefined ? "" : ` --keys ${options.keys}`}`,
    );
  }
}

async function entries(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new UserError("key-folder", `the folder ${folder} cannot be read`, {
      remedy: "give another with --keys",
      cause: error,
    });
  }
}

async function listKeys(options: KeyCommandOptions): Promise<void> {
  const folder = folderOf(options);
  const keys = [];
  for (const entry of await entries(folder)) {
    if (entry.startsWith(".") || !entry.endsWith(".json")) continue;
    const file = join(folder, entry);
    const address = addressIn(await readTextFile(file, "key"));
    keys.push({
      name: entry.slice(0, -".json".length),
      address: address ?? null,
      file,
      private: !isReadByOthers(file),
    });
  }
  if (options.json) {
    printJson(keys);
    return;
  }
  if (keys.length === 0) print(`There is no key in ${folder}: make one with \`colearn key new NAME\`.`);
  const wide = Math.max(...keys.map(({ name }) => name.length));
  for (const { name, address, file, private: isPrivate } of keys) {
    const warning = isPrivate ? "" : paint.yellow(`  others can read it: \`chmod 600 ${file}\``);
    print(`  ${name.padEnd(wide)}  ${address ?? paint.yellow("no keystore")}${warning}`);
  }
}

async function showAddress(given: string, options: KeyCommandOptions): Promise<void> {
  const file = findKeyFile(given, folderOf(options));
  const address = addressIn(await readTextFile(file, "key"));
  if (address === undefined) {
    throw new UserError("key", `${file} does not tell an address`, { remedy: "give a V3 keystore, or a key in hex" });
  }
  if (options.json) printJson({ address, file });
  else print(address);
}
