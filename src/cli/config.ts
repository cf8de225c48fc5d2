import type { Command } from "commander";

import { strayVariables } from "./config/apply.ts";
import { nearest } from "./config/nearest.ts";
import { createSchema } from "./config/schema.ts";
import { allSettings, optional, type Setting } from "./config/settings.ts";
import { showable } from "./config/showable.ts";
import { formatValue } from "./config/value-type.ts";
import { withJson } from "./options.ts";
import { paint, print, printJson } from "./output.ts";

export async function register(program: Command): Promise<void> {
  const settings = await allSettings();
  const config = program.command("config").description("show all settings, and where each comes from");
  const show = config
    .command("show")
    .description("print each setting with its value and where it comes from: default, file, environment or flag");
  for (const { option } of settings.values()) show.addOption(optional(option).hideHelp());
  withJson(show)
    .addHelpText("after", "\nTakes every command's options too.\n\nExample:\n  colearn config show --rounds 20")
    .action((_options: unknown, command: Command) => showConfig(command, settings));
  config
    .command("schema")
    .description("print the JSON schema of colearn.config.json, for editors")
    .addHelpText("after", "\nExample:\n  colearn config schema > colearn.config.schema.json")
    .action(() => printJson(createSchema(settings)));
}

/** Commander's names for where a value comes from, and ours. */
const places: Readonly<Record<string, string>> = {
  default: "default",
  config: "file",
  env: "environment",
  cli: "flag",
};

interface Row {
  readonly setting: string;
  /** Without secrets; null where there is none. */
  readonly value: string | null;
  readonly from: string | null;
}

function showConfig(command: Command, settings: ReadonlyMap<string, Setting>): void {
  const rows = [...settings.values()].map((setting) => rowOf(command, setting));
  const path: unknown = command.getOptionValue("config");
  const file = typeof path === "string" ? path : null;
  const ignored = strayVariables(process.env, settings.values());
  if (command.getOptionValue("json") === true) {
    printJson({ file, settings: rows, ignored });
    return;
  }
  const known = [...settings.values()].map(({ variable }) => variable);
  print(
    file === null ? "No configuration file is used." : `The configuration file is ${file}.`,
    "",
    ...table(rows),
    ...ignored.map((variable) =>
      paint.yellow(`${variable} is no setting and is ignored: did you mean ${nearest(variable, known) ?? ""}?`),
    ),
  );
}

function rowOf(command: Command, { name, option }: Setting): Row {
  const value: unknown = command.getOptionValue(name);
  if (value === undefined) return { setting: name, value: null, from: null };
  const from = places[command.getOptionValueSource(name) ?? ""] ?? null;
  return { setting: name, value: showable(formatValue(option, value)), from };
}

function table(rows: readonly Row[]): string[] {
  const wide = Math.max(...rows.map(({ setting }) => setting.length));
  return rows.map(({ setting, value, from }) => {
    if (value === null) return paint.dim(`  ${setting.padEnd(wide)}  –`);
    const place = (from ?? "").padEnd(11);
    return `  ${setting.padEnd(wide)}  ${from === "default" ? paint.dim(place) : paint.bold(place)}  ${value}`;
  });
}
