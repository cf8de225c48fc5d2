/** JSON of strangers, with bounds, and JSON in one canonical form, so that equal documents have equal content ids. */

/** Nesting that a document may have: far above any model's topology, far below any stack. */
export const MAX_DEPTH = 64;

/** The place of a value in a document, as a person writes it: `weights.tensors[3].shape`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}

/** What makes a value unfit for a document: where, and why. */
export interface JsonFlaw {
  readonly path: readonly PropertyKey[];
  readonly reason: string;
}

/**
 * Finds what has no JSON form, or is not safe to hand on: nesting above {@link MAX_DEPTH}, numbers without a value, and
 * the key `__proto__`, which code that copies objects takes for something else than a key.
 */
export function findFlaw(value: unknown, path: readonly PropertyKey[] = []): JsonFlaw | undefined {
  if (path.length > MAX_DEPTH) return { path: path.slice(0, 4), reason: `is nested more than ${MAX_DEPTH} deep` };
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : { path, reason: `is ${value}` };
  if (Array.isArray(value)) return firstFlaw(value.entries(), path);
  if (typeof value !== "object") return { path, reason: `is ${typeof value}, which JSON does not know` };
  if (Object.hasOwn(value, "__proto__")) return { path, reason: "has the key __proto__" };
  return firstFlaw(Object.entries(value), path);
}

function firstFlaw(entries: Iterable<[PropertyKey, unknown]>, path: readonly PropertyKey[]): JsonFlaw | undefined {
  for (const [key, value] of entries) {
    const flaw = findFlaw(value, [...path, key]);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

/**
 * JSON with no space and with keys in the order of their UTF-16 units, as RFC 8785 has it.
 * @param value without flaws ({@link findFlaw})
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(",")}}`;
}
