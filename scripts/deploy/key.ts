import { readFile } from "node:fs/promises";

import { HardhatPluginError } from "hardhat/plugins";
import type { ConfigurationVariableHooks, HookContext } from "hardhat/types/hooks";

import { loadKey } from "../../src/cli/key.ts";
import { ColearnError } from "../../src/errors.ts";
import { PLUGIN, SIGNING_KEY } from "./plugin.ts";

type FetchValue = ConfigurationVariableHooks["fetchValue"];
type Next = Parameters<FetchValue>[2];

const ADVICE = "`npx hardhat keystore set DEPLOYER_KEY`, or give a V3 keystore file with --key-file";

/**
 * Fetches signing keys: from `--key-file` where it is given, else from Hardhat's keystore. The environment is read by
 * every child process, and ends up in logs and in crash reports: a key there is refused, unless it was asked for.
 * @throws HardhatPluginError which says what to do, and no secret
 */
export default async (): Promise<Partial<ConfigurationVariableHooks>> => ({
  fetchValue: async (context, variable, next) => {
    if (!variable.name.startsWith(SIGNING_KEY)) return next(context, variable);
    const name = variable.name.slice(SIGNING_KEY.length);
    const { keyFile, passphraseFile, keyFromEnvironment } = context.globalOptions;
    if (keyFile !== undefined) return fromFile(context, keyFile, passphraseFile);
    if (process.env[name] !== undefined && !keyFromEnvironment) {
      throw new HardhatPluginError(
        PLUGIN,
        `${name} is set in the environment, and no key is taken from there: unset it, and use ${ADVICE}. ` +
          "To take it from there all the same, add --key-from-environment.",
      );
    }
    return fromKeystore(context, { ...variable, name }, next);
  },
});

/** Hardhat's own handlers: with a default they neither ask for a passphrase in vain, nor advise to use the environment. */
async function fromKeystore(context: HookContext, variable: Parameters<FetchValue>[1], next: Next): Promise<string> {
  const key = await next(context, { ...variable, default: "" });
  if (key !== "") return key;
  throw new HardhatPluginError(
    PLUGIN,
    `There is no ${variable.name} in Hardhat's keystore (which stays shut where CI is set in the environment): ` +
      `use ${ADVICE}. To only read, as to verify a contract, add --without-key.`,
  );
}

async function fromFile(context: HookContext, key: string, passphraseFile: string | undefined): Promise<string> {
  // Plain hex is refused here. What cannot be read is `loadKey`'s to explain.
  const text = await readFile(key, "utf8").catch(() => "{");
  if (!text.trimStart().startsWith("{")) {
    throw new HardhatPluginError(PLUGIN, `${key} is no V3 keystore: \`npx colearn key import NAME ${key}\` makes one.`);
  }
  try {
    const wallet = await context.interruptions.uninterrupted(() =>
      loadKey({ key, ...(passphraseFile === undefined ? {} : { passphraseFile }) }, 0),
    );
    return wallet.privateKey;
  } catch (error) {
    if (!(error instanceof ColearnError)) throw error;
    throw new HardhatPluginError(PLUGIN, `${error.message}${error.remedy === undefined ? "" : ` (${error.remedy})`}`);
  }
}
