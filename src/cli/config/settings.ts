import { Command, type Option } from "commander";

import { commands } from "../commands.ts";

/** An option that a configuration file and the environment can give as well. */
export interface Setting {
  /** In a configuration file. */
  readonly name: string;
  /** In the environment. */
  readonly variable: string;
  readonly option: Option;
}

/** Options that belong to one call: what is printed, signed or fetched, where settings come from, an open file. */
const PER_CALL: ReadonlySet<string> = new Set(["json", "sign", "config", "passphraseFd", "to", "from"]);

/** The settings among a command's options: all of them but those that belong to one call. */
export function settingsOf(command: Command): Setting[] {
  return command.options.filter((option) => !option.negate).flatMap((option) => settingOf(option) ?? []);
}

function settingOf(option: Option): Setting | undefined {
  const name = option.attributeName();
  if (PER_CALL.has(name)) return undefined;
  const variable = option.envVar ?? `COLEARN_${option.name().toUpperCase().replaceAll("-", "_")}`;
  return { name, variable, option };
}

/** The node's settings first: what several commands take is best described there. */
const ORDER = ["node", "create", ...Object.keys(commands)];

/**
 * Every command with options, subcommands included. Loads all of them, which takes a second or two: the published schema
 * tells the same of settings in no time.
 */
export async function allCommands(): Promise<Command[]> {
  const program = new Command();
  for (const name of new Set(ORDER)) {
    // Its own options are all the others'.
    if (name !== "config") await (await commands[name]?.load())?.register(program);
  }
  return withSubcommands(program);
}

/** A copy of an option, for another command, that may be left out there. */
export function optional(option: Option): Option {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(option) as object) as Option, option);
  return copy.makeOptionMandatory(false);
}

export function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Every setting once, by name. */
export async function allSettings(): Promise<Map<string, Setting>> {
  const settings = new Map<string, Setting>();
  for (const command of await allCommands()) {
    for (const setting of settingsOf(command)) {
      if (!settings.has(setting.name)) settings.set(setting.name, setting);
    }
  }
  return settings;
}
