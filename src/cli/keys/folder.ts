import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { UserError } from "../../errors.ts";
import { looksSecret } from "../config/showable.ts";

/**
 * Where keys are kept by default: `colearn/keys` in the user's folder of settings.
 * @param environment its XDG_CONFIG_HOME or, on Windows, APPDATA
 */
export function defaultKeyFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const { XDG_CONFIG_HOME: xdg, APPDATA: appData } = environment;
  const given = [xdg, process.platform === "win32" ? appData : undefined].find((folder) => folder);
  const settings = given ?? join(homedir(), ".config");
  return join(settings, "colearn", "keys");
}

/** Short enough that no private key in hex is a name; without dots and slashes, so that no path is one. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;

/** @throws UserError where a text is no name of a key; it is not shown where it looks like a key itself */
export function requireName(name: string): string {
  if (NAME.test(name)) return name;
  if (looksSecret(name)) throw keyItself();
  throw new UserError("key-name", `${JSON.stringify(name)} is no name for a key`, {
    remedy: "use up to 40 letters, digits, - and _, as in learner-1",
  });
}

/** It is not shown again. */
function keyItself(): UserError {
  return new UserError("key", "a private key was given where its file or name belongs: it may be seen by others now", {
    remedy: "take another key; or write this one to a file that only you can read, and `colearn key import` it",
  });
}

export function keyFile(folder: string, name: string): string {
  return join(folder, `${name}.json`);
}

/**
 * The file of a key that is given by its file or by its name in the folder.
 * @throws UserError where there is none, or where it could be both
 */
export function findKeyFile(given: string, folder: string): string {
  const isFile = existsSync(given);
  const named = NAME.test(given) ? keyFile(folder, given) : undefined;
  const isNamed = named !== undefined && existsSync(named);
  if (isFile && isNamed) {
    throw new UserError("key", `${given} is a file here and the name of a key in ${folder}`, {
      remedy: `write ./${given} for the file, or ${named} for the key`,
    });
  }
  if (isNamed) return named;
  if (isFile) return given;
  if (looksSecret(given)) throw keyItself();
  throw new UserError("key", `the key file ${given} cannot be read: there is none`, {
    remedy:
      named === undefined ? "check its path" : `check its path, or \`colearn key list\`: ${folder} has no key ${given}`,
  });
}
