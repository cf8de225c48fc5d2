/** Files as somebody who means harm would publish them: blocks whose hashes are right and whose contents are not. */
import { createHash } from "node:crypto";

import { encode, prepare } from "@ipld/dag-pb";
import type { UnixFSType } from "ipfs-unixfs";
import { UnixFS } from "ipfs-unixfs";
import { CID } from "multiformats/cid";
import * as Digest from "multiformats/hashes/digest";
import { sha256 } from "multiformats/hashes/sha2";

import { DAG_PB, RAW } from "../../../src/weights/content-id.ts";

export interface Block {
  readonly cid: CID;
  readonly bytes: Uint8Array;
}

/** The root first. */
export type Blocks = [Block, ...Block[]];

export function rawBlock(bytes: Uint8Array): Block {
  return block(RAW, bytes);
}

export function nodeBlock(node: {
  type?: UnixFSType;
  data?: Uint8Array;
  children?: readonly { cid: CID; claims: number }[];
  /** What the node says of its children; by default what they claim. */
  sizes?: readonly number[];
}): Block {
  const { type = "file", data, children = [] } = node;
  const sizes = node.sizes ?? children.map(({ claims }) => claims);
  const fields = new UnixFS({
    type,
    ...(data === undefined ? {} : { data }),
    blockSizes: sizes.map(BigInt),
  });
  return block(DAG_PB, encode(prepare({ Data: fields.marshal(), Links: children.map(({ cid }) => ({ Hash: cid })) })));
}

export function directory(): Blocks {
  return [nodeBlock({ type: "directory" })];
}

/** Claims 2 × 1000 bytes; its leaves have 2 MB each. */
export function fileThatClaimsLess(): Blocks {
  const leaves = [1, 2].map((fill) => rawBlock(new Uint8Array(2_000_000).fill(fill)));
  return [nodeBlock({ children: leaves.map(({ cid }) => ({ cid, claims: 1000 })) }), ...leaves];
}

/** Claims 2 × 1000 bytes more than it has. */
export function fileThatClaimsMore(): Blocks {
  const leaves = [1, 2].map((fill) => rawBlock(new Uint8Array(1000).fill(fill)));
  return [nodeBlock({ children: leaves.map(({ cid }) => ({ cid, claims: 2000 })) }), ...leaves];
}

/** A leaf under a link with the first 20 bytes of its hash. */
export function fileWithShortHash(): Blocks {
  const leaf = rawBlock(new Uint8Array(1000));
  const { code, digest } = leaf.cid.multihash;
  const short = { cid: CID.createV1(RAW, Digest.create(code, digest.slice(0, 20))), bytes: leaf.bytes };
  return [nodeBlock({ children: [{ cid: short.cid, claims: 1000 }] }), short];
}

/** A root of so many links to one leaf. */
export function fileOfLinks(count: number): Blocks {
  const leaf = rawBlock(new Uint8Array(16 * 1024));
  const link = { cid: leaf.cid, claims: leaf.bytes.length };
  return [nodeBlock({ children: Array.from({ length: count }, () => link) }), leaf];
}

function block(codec: number, bytes: Uint8Array): Block {
  const digest = createHash("sha256").update(bytes).digest();
  return { cid: CID.createV1(codec, Digest.create(sha256.code, new Uint8Array(digest))), bytes };
}
