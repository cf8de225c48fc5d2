import type { CID } from "multiformats/cid";

import { RAW } from "../weights/content-id.ts";
import { StoreError } from "./errors.ts";
import { blocksOf, isBlockOf } from "./file-dag.ts";

/** What a store has of a file, as it lies there. `block` is the content id of a block whose bytes are others. */
export type Presence = { readonly state: "whole" | "missing" } | { readonly state: "damaged"; readonly block: string };

/**
 * Looks at all blocks of a file that are here, and changes nothing.
 * @param read the bytes that lie there under a content id, whatever they are; nothing where there are none
 */
export async function inspectFile(root: CID, read: (cid: CID) => Promise<Uint8Array | undefined>): Promise<Presence> {
  let damaged: CID | undefined;
  let isWhole = true;
  const look = async (cid: CID): Promise<Uint8Array> => {
    const bytes = await read(cid);
    if (bytes === undefined) throw new StoreError("not-found", `the block ${cid.toString()} is not here`);
    if (isBlockOf(cid, bytes)) return bytes;
    damaged ??= cid;
    throw new StoreError("malformed", `the block ${cid.toString()} is damaged`);
  };
  try {
    for await (const cid of blocksOf(root, look)) {
      // Nodes were read on the way here; of leaves one may be damaged beside another that is missing.
      if (cid.code !== RAW) continue;
      await look(cid).catch((error: unknown) => {
        if (!isAbsence(error)) throw error;
        isWhole = false;
      });
    }
  } catch (error) {
    if (!isAbsence(error)) throw error;
    // Blocks that are what they should be, and make no file, are for the reader to refuse.
    isWhole = error.code === "malformed" && damaged === undefined;
  }
  if (damaged !== undefined) return { state: "damaged", block: damaged.toString() };
  return { state: isWhole ? "whole" : "missing" };
}

function isAbsence(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code !== "unavailable";
}
