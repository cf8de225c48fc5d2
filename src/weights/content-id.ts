import { fromHex, toHex } from "multiformats/bytes";
import { CID } from "multiformats/cid";
import * as Digest from "multiformats/hashes/digest";
import { sha256 } from "multiformats/hashes/sha2";

import { ColearnError } from "../errors.ts";

/** Multicodec of a root block that is the file itself: a file of at most one chunk. */
export const RAW = 0x55;
/** Multicodec of a root block that links chunks: a file of more than one. */
export const DAG_PB = 0x70;

/** A CIDv1 with a sha2-256 multihash, without its constant parts: what fits on the ledger. */
export interface ContentId {
  /** The sha2-256 digest, 32 bytes, as lower-case hex with 0x. */
  readonly digest: string;
  /** The multicodec of the root block: {@link RAW} or {@link DAG_PB}. */
  readonly codec: number;
}

/**
 * The CID that a content id stands for.
 * @throws ColearnError `content-id` when the digest is not 32 bytes of hex or the codec neither raw nor dag-pb
 */
export function toCid({ digest, codec }: ContentId): CID {
  if (!/^0x[0-9a-f]{64}$/i.test(digest)) {
    throw new ColearnError("content-id", `a content id's digest is 32 bytes of hex, not ${JSON.stringify(digest)}`);
  }
  if (codec !== RAW && codec !== DAG_PB) {
    throw new ColearnError("content-id", `a content id's codec is 0x55 (raw) or 0x70 (dag-pb), not ${codec}`);
  }
  return CID.createV1(codec, Digest.create(sha256.code, fromHex(digest.slice(2))));
}

/**
 * The content id of a CID.
 * @throws ColearnError `content-id` when it is not a CIDv1 with sha2-256 and codec raw or dag-pb
 */
export function fromCid(cid: CID): ContentId {
  const { version, code: codec, multihash } = cid;
  if (version !== 1 || multihash.code !== sha256.code || multihash.size !== 32 || (codec !== RAW && codec !== DAG_PB)) {
    throw new ColearnError("content-id", `${cid.toString()} is not a CIDv1 with sha2-256 and codec raw or dag-pb`);
  }
  return { digest: `0x${toHex(multihash.digest)}`, codec };
}

/** The content id in its usual text form, for example `bafkrei…`. */
export function formatContentId(id: ContentId): string {
  return toCid(id).toString();
}

/**
 * The content id of a CID in text form.
 * @throws ColearnError `content-id` when the text is no CID, or not of the kind used here
 */
export function parseContentId(text: string): ContentId {
  let cid: CID;
  try {
    cid = CID.parse(text);
  } catch (cause) {
    throw new ColearnError("content-id", `${JSON.stringify(text)} is not a CID`, { cause });
  }
  return fromCid(cid);
}

export function sameContentId(a: ContentId, b: ContentId): boolean {
  return a.codec === b.codec && a.digest.toLowerCase() === b.digest.toLowerCase();
}
