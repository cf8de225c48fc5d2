import { readFile, stat } from "node:fs/promises";
import { stdin, stderr } from "node:process";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

import { Wallet, type BaseWallet } from "ethers";

import { UserError } from "../errors.ts";
import { LOCAL_CHAIN_ID } from "../ledger/connect.ts";
import { devAccount } from "../ledger/dev-accounts.ts";
import type { KeyOptions } from "./options.ts";

/**
 * The wallet that the options name.
 * @throws UserError when none is named, the file is missing or no key, or the passphrase is wrong
 */
export async function loadKey(options: KeyOptions, chainId: number): Promise<BaseWallet> {
  const { key, devAccount: dev } = options;
  if (key !== undefined && dev !== undefined) {
    throw new UserError("key", "--key and --dev-account exclude each other", { remedy: "give one of them" });
  }
  if (dev !== undefined) {
    if (chainId !== LOCAL_CHAIN_ID) {
      throw new UserError("key", `--dev-account is for a local chain, not for chain ${chainId}: its key is public`, {
        remedy: "give your own key with --key",
      });
    }
    return devAccount(dev);
  }
  if (key === undefined) {
    throw new UserError("key", "no key to sign with", {
      remedy: "give a file with --key, or --dev-account on a local chain",
    });
  }
  return readKey(key, options.passphraseFile);
}

async function readKey(file: string, passphraseFile: string | undefined): Promise<BaseWallet> {
  const text = await readText(file, "key");
  if (((await stat(file)).mode & 0o077) !== 0) {
    stderr.write(`warning: others can read the key in ${file}; \`chmod 600 ${file}\` mends it\n`);
  }
  if (!text.startsWith("{")) {
    try {
      return new Wallet(text.startsWith("0x") ? text : `0x${text}`);
    } catch {
      // Not the cause: it might carry the text.
      throw new UserError("key", `${file} holds neither a V3 keystore nor a private key in hex`, {
        remedy: "give the file of a key with --key",
      });
    }
  }
  const passphrase = passphraseFile === undefined ? await ask(file) : await readText(passphraseFile, "passphrase");
  try {
    return await Wallet.fromEncryptedJson(text, passphrase);
  } catch {
    throw new UserError("key", `the keystore ${file} does not open with this passphrase`, {
      remedy: "check the passphrase, or --passphrase-file",
    });
  }
}

async function readText(file: string, what: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new UserError(what, `the ${what} file ${file} cannot be read`, { remedy: "check its path", cause });
  }
}

/** Asks for a passphrase without showing it. */
async function ask(file: string): Promise<string> {
  if (!stdin.isTTY) {
    throw new UserError("passphrase", `the keystore ${file} needs a passphrase, and there is no terminal to ask at`, {
      remedy: "give a file with --passphrase-file",
    });
  }
  stderr.write(`Passphrase of ${file}: `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: stdin, output: silent, terminal: true });
  try {
    return await prompt.question("");
  } finally {
    prompt.close();
    stderr.write("\n");
  }
}
