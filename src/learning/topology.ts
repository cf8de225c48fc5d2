import type { z } from "zod";

import { ColearnError } from "../errors.ts";

/** What a topology may ask for: a manifest is anybody's, and room is made before weights are compared with it. */
export const MAX_FEATURES = 1_000_000;
export const MAX_NUMBERS = 2 ** 24;

/**
 * A topology from a manifest, which anybody may have written.
 * @throws ColearnError `topology` when it is not one of this format
 */
export function parseTopology<T>(schema: z.ZodType<T>, topology: unknown, format: string): T {
  const parsed = schema.safeParse(topology);
  if (parsed.success) return parsed.data;
  const what = describeIssues(parsed.error);
  throw new ColearnError("topology", `the topology is not that of a ${format} model: ${what}`);
}

/** All that is wrong, each with its place, in one line. */
export function describeIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": ")).join("; ");
}
