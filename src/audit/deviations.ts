/** How what was found differs from what should be there. */
import { count, has } from "../ledger/types.ts";
import { DAG_PB, formatContentId, RAW, type ContentId } from "../weights/content-id.ts";

/** The fields that differ, each with a sentence on how. Fields that are not wanted do not matter. */
export function deviations(wanted: object, found: object): [field: string, sentence: string][] {
  const values = found as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).flatMap(([field, value]: [string, unknown]) => {
    const [right, wrong] = [show(field, value), show(field, values[field])];
    return right === wrong ? [] : [[field, `${field}: ${wrong}, not ${right}`] as [string, string]];
  });
}

/** Fields that are sets of learners. */
const sets = new Set(["voters", "approvals", "rejections", "seals", "active"]);

/** Sets of learners, content ids and everything else as people read them: different texts for different values. */
function show(field: string, value: unknown): string {
  if (typeof value === "bigint") {
    if (!sets.has(field)) return String(value);
    const indexes = Array.from({ length: 256 }, (_, index) => index).filter((index) => has(value, index));
    return count(value) === 0 ? "nobody" : `learners ${indexes.join(", ")}`;
  }
  if (value === undefined) return "none";
  if (isContentId(value)) {
    const { digest, codec } = value;
    return codec === RAW || codec === DAG_PB ? formatContentId(value) : `${digest} with codec ${codec}`;
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isContentId(value: unknown): value is ContentId {
  return typeof value === "object" && value !== null && "digest" in value && "codec" in value;
}
