import type { BaseWallet } from "ethers";

import { UserError } from "../errors.ts";
import { LOCAL_CHAIN_ID } from "../ledger/connect.ts";
import { devAccount } from "../ledger/dev-accounts.ts";
import { defaultKeyFolder, findKeyFile } from "./keys/folder.ts";
import { decryptKey, isKeystore, parseHexKey } from "./keys/keystore.ts";
import { readPassphrase, readTextFile, warnOfReaders } from "./keys/passphrase.ts";
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
  return readKey(findKeyFile(key, options.keys ?? defaultKeyFolder()), options);
}

async function readKey(file: string, options: KeyOptions): Promise<BaseWallet> {
  const text = await readTextFile(file, "key");
  warnOfReaders(file, "key");
  if (isKeystore(text)) return decryptKey(text, await readPassphrase(options, `the keystore ${file}`), file);
  const wallet = parseHexKey(text);
  if (wallet !== undefined) return wallet;
  throw new UserError("key", `${file} holds neither a V3 keystore nor a private key in hex`, {
    remedy: "give the file of a key with --key",
  });
}
