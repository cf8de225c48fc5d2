import { readFileSync } from "node:fs";

import { z } from "zod";

import type { Setting } from "./settings.ts";
import { valueTypeOf, type ValueType } from "./value-type.ts";

/** The JSON schema of a configuration file. */
export interface ConfigSchema {
  readonly $schema: string;
  readonly title: string;
  readonly description: string;
  readonly type: "object";
  readonly properties: Readonly<Record<string, ValueType & { description: string; default?: unknown }>>;
  readonly additionalProperties: false;
}

/** Makes the schema from the commands' options: there is no other list of settings. */
export function createSchema(settings: ReadonlyMap<string, Setting>): ConfigSchema {
  const properties = [...settings.values()].map(({ name, option }) => {
    const { description } = option;
    const defaultValue: unknown = option.defaultValue;
    return [
      name,
      { description, ...valueTypeOf(option), ...(defaultValue === undefined ? {} : { default: defaultValue }) },
    ];
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "colearn.config.json",
    description: "Settings of colearn's commands: each is the option of the same name.",
    type: "object",
    properties: {
      $schema: { description: "where this schema is, for editors", type: "string" },
      ...(Object.fromEntries(properties) as ConfigSchema["properties"]),
    },
    additionalProperties: false,
  };
}

/** The published schema: equal to the one that the commands make (a test sees to it), and read without loading them. */
export function readSchema(): ConfigSchema {
  const file = new URL("../../../schema/colearn.config.schema.json", import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as ConfigSchema;
}

/** What is wrong with a setting's value, in words that do not repeat it; undefined where nothing is. */
export function complaintAbout(type: ValueType, value: unknown): string | undefined {
  // Only what JSON schema and zod both know.
  const schema = z.fromJSONSchema(type as Parameters<typeof z.fromJSONSchema>[0]);
  return schema.safeParse(value).error?.issues[0]?.message;
}
