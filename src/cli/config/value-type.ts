import type { Option } from "commander";

type TypeName = "string" | "number" | "integer" | "boolean" | "array";

/** What a configuration file may hold for a setting: the part of a JSON schema that says so. */
export interface ValueType {
  readonly type: TypeName | readonly TypeName[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly items?: { readonly type: "string" };
}

/** A parser of an option's text that also tells what a configuration file may hold instead. */
export type TypedParser<A extends readonly unknown[], T> = ((...args: A) => T) & {
  readonly valueType: ValueType;
  /** The text that gives this value. */
  readonly format?: ((value: T) => string) | undefined;
};

/** Says of a parser what a configuration file may hold, and how its values are written where `String` is not right. */
export function typed<A extends readonly unknown[], T>(
  valueType: ValueType,
  parse: (...args: A) => T,
  format?: (value: T) => string,
): TypedParser<A, T> {
  // A new function: one that is typed in another way elsewhere stays as it was.
  return Object.assign((...args: A) => parse(...args), { valueType, format });
}

/** What a configuration file may hold for an option. */
export function valueTypeOf(option: Option): ValueType {
  if (!option.required && !option.optional) return { type: "boolean" };
  if (option.argChoices) return { type: "string", enum: option.argChoices };
  return parserOf(option)?.valueType ?? { type: "string" };
}

/** An option's value as text. */
export function formatValue(option: Option, value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(", ");
  return parserOf(option)?.format?.(value) ?? String(value);
}

function parserOf({ parseArg }: Option): TypedParser<unknown[], unknown> | undefined {
  return parseArg && "valueType" in parseArg ? (parseArg as TypedParser<unknown[], unknown>) : undefined;
}
