import { encryptKeystoreJson, getAddress, isAddress, type BaseWallet, Wallet } from "ethers";

import { UserError } from "../../errors.ts";

/** What one guess of a passphrase costs: scrypt's N, with r = 8 and p = 1. */
const COST = 2 ** 17;

/**
 * A V3 keystore (Web3 Secret Storage) of a key. One guess of its passphrase takes 128 MiB and about a second: the least
 * that OWASP's Password Storage Cheat Sheet asks of scrypt.
 * @param cost less in tests only
 */
export async function encryptKey(
  { address, privateKey }: BaseWallet,
  passphrase: string,
  cost = COST,
): Promise<string> {
  const json = await encryptKeystoreJson({ address, privateKey }, passphrase, { scrypt: { N: cost, r: 8, p: 1 } });
  return `${json}\n`;
}

/** The key in a text of hex; undefined where it is none. The text is in no error. */
export function parseHexKey(text: string): BaseWallet | undefined {
  const hex = text.trim().replace(/^0x/i, "");
  try {
    return new Wallet(`0x${hex}`);
  } catch {
    return undefined;
  }
}

/** Whether a text claims to be a keystore. */
export function isKeystore(text: string): boolean {
  return text.trimStart().startsWith("{");
}

/** @throws UserError where the passphrase is wrong, or the keystore is damaged */
export async function decryptKey(text: string, passphrase: string, file: string): Promise<BaseWallet> {
  try {
    return await Wallet.fromEncryptedJson(text, passphrase);
  } catch {
    // Not the cause: it might carry the text.
    throw new UserError("key", `the keystore ${file} does not open with this passphrase`, {
      remedy: "check the passphrase, or --passphrase-file",
    });
  }
}

/** The address that a keystore names: no passphrase is needed, and whoever can write the file can change it. */
export function keystoreAddress(text: string): string | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const named: unknown = typeof json === "object" && json !== null && "address" in json ? json.address : undefined;
  return typeof named === "string" && isAddress(named) ? getAddress(named) : undefined;
}

/** The address of the key in a file, without a passphrase; undefined where the file tells none. */
export function addressIn(text: string): string | undefined {
  return isKeystore(text) ? keystoreAddress(text) : parseHexKey(text)?.address;
}
