import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { UserError } from "../../errors.ts";
import { nearest } from "./nearest.ts";
import { complaintAbout, readSchema } from "./schema.ts";

export const CONFIG_FILE = "colearn.config.json";

/** A configuration file, whose names and types are checked. */
export interface ConfigFile {
  readonly path: string;
  /** Relative paths in it start here. */
  readonly folder: string;
  readonly values: ReadonlyMap<string, ConfigValue>;
}

export type ConfigValue = string | number | boolean | readonly string[];

/**
 * Reads a configuration file.
 * @param asked the file that was named; without it, the one in the working directory, if there is one
 * @throws UserError where it cannot be read, or holds anything but settings
 */
export function readConfigFile(asked: string | undefined): ConfigFile | undefined {
  const path = asked ?? CONFIG_FILE;
  const text = readText(path, asked !== undefined);
  return text === undefined ? undefined : parseConfig(path, text);
}

function readText(path: string, isAsked: boolean): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (!isAsked && cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new UserError("config", `the configuration file ${path} cannot be read`, {
      remedy: "check its path, or give another with --config",
      cause,
    });
  }
}

export function parseConfig(path: string, text: string): ConfigFile {
  const json = parseJson(path, text);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UserError("config", `${path} holds no JSON object`, { remedy: 'write it like {"rpc": "https://…"}' });
  }
  const properties = new Map(Object.entries(readSchema().properties));
  const values = new Map<string, ConfigValue>();
  for (const [name, value] of Object.entries(json)) {
    const type = properties.get(name);
    if (type === undefined) throw unknownSetting(path, name, properties.keys());
    const complaint = complaintAbout(type, value);
    if (complaint !== undefined) throw unusable(`${path}: ${name}`, complaint);
    if (name !== "$schema") values.set(name, value as ConfigValue);
  }
  return { path, folder: dirname(resolve(path)), values };
}

/** What JSON.parse says of a mistake repeats the text around it, which may be a secret in the wrong place. */
function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1];
    const before = position === undefined ? undefined : text.slice(0, Number(position)).split("\n");
    const where =
      before === undefined ? "" : `: look at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    throw new UserError("config", `${path} is not JSON${where}`, {
      remedy: "mind quotes and commas; JSON has no comments",
    });
  }
}

function unknownSetting(path: string, name: string, known: Iterable<string>): UserError {
  const similar = nearest(name.replaceAll("-", ""), known) ?? "";
  const remedy = /pass(phrase|word)$/i.test(name)
    ? "a passphrase belongs into a file of its own: name that with passphraseFile"
    : `did you mean ${JSON.stringify(similar)}? \`colearn config show\` lists all`;
  return new UserError("config", `${path} has an unknown setting ${JSON.stringify(name.slice(0, 100))}`, { remedy });
}

/** @param what the setting, and where it is */
export function unusable(what: string, complaint: string): UserError {
  return new UserError("config", `${what} cannot be used: ${complaint.replace(/\.$/, "")}`, {
    remedy: "`colearn config show` tells where each setting comes from",
  });
}
