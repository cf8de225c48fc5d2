import { configVariable, globalFlag, globalOption } from "hardhat/config";
import { definePlugin } from "hardhat/plugins";
import { ArgumentType } from "hardhat/types/arguments";

declare module "hardhat/types/global-options" {
  interface GlobalOptions {
    keyFile: string | undefined;
    passphraseFile: string | undefined;
    keyFromEnvironment: boolean;
    withoutKey: boolean;
  }
}

export const PLUGIN = "colearn-deploy";

/**
 * A configuration variable is taken from the environment before anything else, without any plugin being asked. A name
 * that no shell can set keeps the signing key out of that: it gets to `key.ts`, which says where a key may come from.
 */
export const SIGNING_KEY = "signing key ";

/** A private key from Hardhat's keystore, or from the file that `--key-file` names. */
export function signingKey(name: string) {
  return configVariable(`${SIGNING_KEY}${name}`);
}

/** What a deployment needs and Hardhat lacks: where keys may come from, and no network without a chain id. */
export default definePlugin({
  id: PLUGIN,
  globalOptions: [
    globalOption({
      name: "keyFile",
      description: "Sign with the key in this V3 keystore file instead of the one in Hardhat's keystore",
      type: ArgumentType.FILE_WITHOUT_DEFAULT,
      defaultValue: undefined,
    }),
    globalOption({
      name: "passphraseFile",
      description: "File with the passphrase of --key-file; without it the terminal asks",
      type: ArgumentType.FILE_WITHOUT_DEFAULT,
      defaultValue: undefined,
    }),
    globalFlag({
      name: "keyFromEnvironment",
      description: "Take the signing key from the environment, which is refused otherwise",
    }),
    globalFlag({ name: "withoutKey", description: "Only read: no signing key is asked for, as to verify a contract" }),
  ],
  hookHandlers: {
    configurationVariables: () => import("./key.ts"),
    network: () => import("./connection.ts"),
  },
});
