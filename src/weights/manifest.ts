/**
 * The manifest: the experiment's document on IPFS, whose content id is on the ledger. It says what is trained, from which
 * model, and how votes are decided, so that learners who hold the same id train the same thing.
 *
 * How it grows: a field that changes what an old node would do (limits of privacy or of a proposal's steps, an early stop) is a
 * new version, and nodes refuse versions they do not know. A field that an old node may ignore cannot be told from a
 * mistake, so there is none: unknown keys are refused. A new version is a schema of its own beside X, and `Manifest` the union of them.
 */
import { z } from "zod";

import { ColearnError } from "../errors.ts";
import { quote } from "./errors.ts";
import { LONE_SURROGATE, METADATA_KEY } from "./header.ts";
import { canonicalJson, findFlaw, formatPath } from "./json.ts";
import type { Metric } from "./metric.ts";
import { MAX_HEADER_BYTES } from "./safetensors.ts";
import { specBytes } from "./spec.ts";
import { bytesPerElement } from "./weights.ts";
import type { DType, WeightsSpec } from "./weights.ts";

/** A manifest is refused above this. */
export const MAX_MANIFEST_BYTES = 4_194_304;

/** A target score is refused beyond this. */
export const MAX_SCORE = 9e12;

/** In a maxBytes beyond tensors and the longest header: the header's length, and whoever rounds up to a page. */
const MAX_BYTES_SLACK = 4_096;

/** When an experiment ends before its last round. What is left out stops nothing; one of the two is there. */
export interface Stop {
  /** After an accepted round in which more than half of those who voted gave this score or a better one. */
  readonly score?: number;
  /** After this many rounds in a row in which nothing was accepted. */
  readonly patience?: number;
}

/** What each learner may spend of its data's privacy in this experiment: all its trainings together, as (ε, δ). */
export interface PrivacyLimit {
  readonly epsilon: number;
  readonly delta: number;
}

/** Version 3 limits privacy; version 2 says when to stop; version 1, which the oldest nodes know too, does neither. */
export type Manifest = ManifestV1 | ManifestV2 | ManifestV3;

interface ManifestV3 extends Omit<ManifestV1, "version"> {
  readonly version: 3;
  readonly privacy: PrivacyLimit;
  readonly stop?: Stop;
}

interface ManifestV2 extends Omit<ManifestV1, "version"> {
  readonly version: 2;
  readonly stop: Stop;
}

interface ManifestV1 {
  readonly version: 1;
  /** For people, at most 200 characters. */
  readonly title: string;
  /** The task's name in the registry and its parameters: the same for all learners. Where data lie is not among them. */
  readonly task: {
    readonly name: string;
    readonly params: Readonly<Record<string, number | string | boolean>>;
  };
  readonly model: {
    /** What `topology` is: "tfjs-layers" is what `tf.models.modelFromJSON` takes. */
    readonly format: string;
    /** JSON. */
    readonly topology: unknown;
  };
  readonly weights: WeightsSpec;
  /** The vote's rule. */
  readonly metric: Metric;
  /** From which all that is random and common derives. */
  readonly seed: number;
}

const word = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "is not a word of 1 to 64 letters, digits, _, . or -");
// A title is shown in terminals, which control characters would command.
const title = z
  .string()
  .max(200)
  .regex(/^\P{Control}*$/u, "has control characters");
const dtypes = Object.keys(bytesPerElement) as [DType, ...DType[]];

const tensorSpec = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(256)
    .refine((name) => name !== METADATA_KEY && !LONE_SURROGATE.test(name), "cannot be a tensor's name"),
  dtype: z.enum(dtypes),
  shape: z.array(z.int().min(0)).max(16),
});

const weightsSpec = z
  .strictObject({ tensors: z.array(tensorSpec).min(1).max(4_096), maxBytes: z.int().min(1) })
  .refine(({ tensors }) => new Set(tensors.map(({ name }) => name)).size === tensors.length, "has a tensor twice")
  .refine((spec) => (specBytes(spec) ?? Infinity) < spec.maxBytes, "has a maxBytes in which its tensors have no room")
  // Whatever a file may have is held in memory and on disk by everyone: no more than such weights can need.
  .refine(
    (spec) => spec.maxBytes <= (specBytes(spec) ?? 0) + MAX_HEADER_BYTES + MAX_BYTES_SLACK,
    `has a maxBytes of more than its tensors and ${MAX_HEADER_BYTES + MAX_BYTES_SLACK} bytes`,
  );

const fields = {
  title,
  task: z.strictObject({
    name: word,
    params: z
      .record(word, z.union([z.number(), z.string().max(1_000), z.boolean()]))
      .refine((params) => Object.keys(params).length <= 64, "has more than 64 parameters"),
  }),
  // Not optional: a key without a value would have no JSON form.
  model: z.strictObject({ format: word, topology: z.unknown().refine((value) => value !== undefined, "is missing") }),
  weights: weightsSpec,
  metric: z.strictObject({
    name: word,
    direction: z.enum(["maximise", "minimise"]),
    tolerance: z.number().min(0),
  }),
  seed: z.int().min(0),
};

const stop = z
  .strictObject({
    // The ledger's scores have 64 bits, in millionths: a target beyond them would never be reached.
    score: z.number().min(-MAX_SCORE).max(MAX_SCORE).exactOptional(),
    patience: z
      .int()
      .min(1)
      .max(2 ** 32 - 1)
      .exactOptional(),
  })
  .refine(({ score, patience }) => score !== undefined || patience !== undefined, "has neither score nor patience");

const privacy = z.strictObject({ epsilon: z.number().positive(), delta: z.number().positive().lt(1) });

const schemas: ReadonlyMap<unknown, z.ZodType<Manifest>> = new Map<unknown, z.ZodType<Manifest>>([
  [1, z.strictObject({ version: z.literal(1), ...fields })],
  [2, z.strictObject({ version: z.literal(2), ...fields, stop })],
  [3, z.strictObject({ version: z.literal(3), ...fields, privacy, stop: stop.exactOptional() })],
]);

/** When the experiment stops early; undefined where it never does. */
export function stopOf(manifest: Manifest): Stop | undefined {
  return manifest.version === 1 ? undefined : manifest.stop;
}

/** What each learner may spend; undefined where nothing limits it. */
export function privacyOf(manifest: Manifest): PrivacyLimit | undefined {
  return manifest.version === 3 ? manifest.privacy : undefined;
}

/**
 * Reads a manifest.
 * @throws ColearnError `manifest`, in one line: the field and what is wrong with it
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw refusal(`the manifest has ${bytes.length} bytes, more than ${MAX_MANIFEST_BYTES}`);
  }
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw refusal("the manifest is not JSON in UTF-8", undefined, cause);
  }
  return checkManifest(document);
}

/**
 * A manifest in its canonical form: equal manifests have equal bytes, and so equal content ids.
 * @throws ColearnError `manifest` when nobody could read it
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const bytes = new TextEncoder().encode(canonicalJson(checkManifest(manifest)));
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw refusal(`the manifest would have ${bytes.length} bytes, more than ${MAX_MANIFEST_BYTES}`);
  }
  return bytes;
}

function checkManifest(document: unknown): Manifest {
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw refusal("the manifest is not a JSON object");
  }
  const flaw = findFlaw(document);
  if (flaw !== undefined) throw refusal(`${describePlace(flaw.path)} ${flaw.reason}`);
  const version: unknown = "version" in document ? document.version : undefined;
  const schema = schemas.get(version);
  if (schema === undefined) {
    const known = [...schemas.keys()].join(", ");
    const remedy = "Ask the coordinator which colearn-ledger made the manifest, and install that one or a newer one.";
    const found = version === undefined ? "no version" : `the version ${JSON.stringify(version).slice(0, 20)}`;
    throw refusal(`the manifest has ${found}, and this program knows ${known}`, remedy);
  }
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const reason = (issue?.message ?? "is wrong").slice(0, 200).replaceAll(/\s+/g, " ");
  throw refusal(`${describePlace(issue?.path ?? [])}: ${reason}`);
}

function describePlace(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "the manifest" : `the manifest's ${quote(formatPath(path))}`;
}

function refusal(message: string, remedy?: string, cause?: unknown): ColearnError {
  return new ColearnError("manifest", message, { ...(remedy !== undefined && { remedy }), cause });
}
