import { importFile } from "ipfs-unixfs-importer";
import type { ImporterOptions } from "ipfs-unixfs-importer";
import { fixedSize } from "ipfs-unixfs-importer/chunker";
import { balanced } from "ipfs-unixfs-importer/layout";
import type { CID } from "multiformats/cid";

import { fromCid } from "./content-id.ts";
import type { ContentId } from "./content-id.ts";

/** Bytes of a leaf: a file of at most this has one block, and its content id the codec raw. */
export const CHUNK_BYTES = 1_048_576;

/** Links of a node above the leaves. A file of more than this many chunks (1 GiB) has a second layer. */
export const MAX_LINKS = 1_024;

/**
 * How a file becomes blocks. The same file must get the same content id everywhere, so every implementation uses these
 * and nothing else: the profile `unixfs-v1-2025` of IPIP-499, which is what @helia/unixfs does by itself.
 *
 * Warning: a Kubo daemon makes nodes of 174 links unless it is told otherwise, and then gives files above 174 MiB
 * another content id. Pass it {@link kuboAddOptions}, and compare what it answers.
 */
export const unixfsOptions = {
  cidVersion: 1,
  rawLeaves: true,
  reduceSingleLeafToSelf: true,
  chunker: fixedSize({ chunkSize: CHUNK_BYTES }),
  layout: balanced({ maxChildrenPerNode: MAX_LINKS }),
} satisfies ImporterOptions;

/** {@link unixfsOptions} in the words of Kubo's RPC. Older daemons ignore `maxFileLinks`. */
export const kuboAddOptions = {
  cidVersion: 1,
  rawLeaves: true,
  chunker: `size-${CHUNK_BYTES}`,
  maxFileLinks: MAX_LINKS,
} as const;

/**
 * The content id that every store gives these bytes, without storing them.
 *
 * Here and not beside the ids' type, so that whoever only handles ids does not load the importer.
 */
export async function contentIdOf(bytes: Uint8Array): Promise<ContentId> {
  const nowhere = { put: (cid: CID): CID => cid };
  const { cid } = await importFile({ content: bytes }, nowhere, unixfsOptions);
  return fromCid(cid);
}
