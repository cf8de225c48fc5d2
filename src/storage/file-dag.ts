/**
 * A file as a tree of blocks (UnixFS): leaves hold the bytes, nodes above them hold links. Whoever published it may
 * have built it to harm its reader, so every claim in it is checked before anything is done because of it. Where a
 * block comes from is the caller's business.
 */
import { createHash } from "node:crypto";

import { decode } from "@ipld/dag-pb";
import { UnixFS } from "ipfs-unixfs";
import { CID } from "multiformats/cid";
import { sha256 } from "multiformats/hashes/sha2";

import { DAG_PB, RAW } from "../weights/content-id.ts";
import { MAX_LINKS } from "../weights/unixfs.ts";
import { StoreError } from "./errors.ts";
import { hasMoreFieldsThan } from "./protobuf.ts";

/** Gives a block, its hash checked. */
export type ReadBlock = (cid: CID) => Promise<Uint8Array>;

export interface ReadLimits {
  readonly maxBytes: number;
  /** How many blocks to ask for at once. */
  readonly concurrency: number;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** What bitswap carries in one message; no honest file has larger blocks. */
const MAX_BLOCK_BYTES = 2 * 1024 * 1024;
/** 1024 links a node: four layers hold more than an address space. */
const MAX_DEPTH = 8;
/** Kubo's own default chunk is 256 KiB; a file in crumbs costs a message for each of them. */
const MIN_MEAN_BLOCK_BYTES = 16 * 1024;
const DIGEST_BYTES = 32;
/** What a UnixFS message has beside a size for each link: type, bytes, whole size, hash type, fanout, mode, time. */
const UNIXFS_FIELDS = 7;

/** Whether bytes are the block of a content id: their hash is in it. */
export function isBlockOf(cid: CID, bytes: Uint8Array): boolean {
  return createHash("sha256").update(bytes).digest().equals(cid.multihash.digest);
}

interface Link {
  readonly cid: CID;
  /** Bytes of the file under it, as its parent says. */
  readonly size: number;
  readonly depth: number;
}

interface Node {
  /** Bytes of the file in and under this block, as it says. */
  readonly size: number;
  /** Bytes of the file in the block itself: a node has either these or links. */
  readonly bytes: Uint8Array;
  readonly links: readonly Link[];
}

/**
 * Reads a whole file.
 * @throws StoreError `too-large` or `malformed`; what `read` throws is passed on
 */
export async function readFile(root: CID, read: ReadBlock, limits: ReadLimits): Promise<Uint8Array> {
  const { maxBytes, concurrency, onProgress } = limits;
  const top = parseNode(root, await read(root), 0);
  if (top.size > maxBytes) throw tooLarge(root, `claims ${top.size}`, maxBytes);
  if (top.links.length === 0) {
    onProgress?.(top.size);
    return top.bytes;
  }

  const file = allocate(root, top.size);
  const running = new Set<Promise<void>>();
  let received = 0;
  let end = 0;

  function place(bytes: Uint8Array, { cid, size }: Link, offset: number): void {
    received += bytes.length;
    if (received > maxBytes) throw tooLarge(root, "sent more", maxBytes);
    if (bytes.length !== size) {
      throw malformed(root, `its block ${cid.toString()} has ${bytes.length} bytes instead of the ${size} it claims`);
    }
    file.set(bytes, offset);
    onProgress?.(received);
  }

  for await (const leaf of leaves(root, top, read)) {
    const offset = end;
    end += leaf.size;
    if (leaf.bytes !== undefined) {
      place(leaf.bytes, leaf, offset);
      continue;
    }
    const task = read(leaf.cid).then((bytes) => place(bytes, leaf, offset));
    const settled = task.finally(() => running.delete(settled));
    settled.catch(() => undefined); // It is awaited below; this only keeps Node from calling it unhandled until then.
    running.add(settled);
    if (running.size >= concurrency) await Promise.race(running);
  }
  await Promise.all(running);
  return file;
}

/**
 * All blocks of a file, each after its parent. Leaves are named without being read.
 * @throws StoreError `malformed`; what `read` throws is passed on
 */
export async function* blocksOf(root: CID, read: ReadBlock): AsyncGenerator<CID> {
  yield root;
  if (root.code === RAW) return;
  const nodes: CID[] = [];
  async function readAndNote(cid: CID): Promise<Uint8Array> {
    const bytes = await read(cid);
    nodes.push(cid);
    return bytes;
  }
  const top = parseNode(root, await read(root), 0);
  for await (const leaf of leaves(root, top, readAndNote)) {
    yield* nodes.splice(0);
    if (leaf.bytes === undefined) yield leaf.cid;
  }
  yield* nodes;
}

type Leaf = Link & { readonly bytes?: Uint8Array };

/** The leaves in the file's order; `bytes` is there where finding out that it is a leaf meant reading it. */
async function* leaves(root: CID, top: Node, read: ReadBlock): AsyncGenerator<Leaf> {
  const allowed = 64 + Math.ceil(top.size / MIN_MEAN_BLOCK_BYTES);
  const stack = [...top.links].reverse();
  let seen = 0;
  for (let link = stack.pop(); link !== undefined; link = stack.pop()) {
    seen += 1;
    if (seen + stack.length > allowed)
      throw malformed(root, `it has more than ${allowed} blocks for ${top.size} bytes`);
    if (link.cid.code === RAW) {
      yield link;
      continue;
    }
    const node = parseNode(root, await read(link.cid), link.depth, link.cid);
    if (node.size !== link.size) {
      throw malformed(
        root,
        `its block ${link.cid.toString()} holds ${node.size} bytes instead of the ${link.size} it claims`,
      );
    }
    if (node.links.length === 0) yield { ...link, bytes: node.bytes };
    else for (const child of [...node.links].reverse()) stack.push(child);
  }
}

function parseNode(root: CID, block: Uint8Array, depth: number, cid: CID = root): Node {
  if (block.length > MAX_BLOCK_BYTES) throw malformed(root, `its block ${cid.toString()} has ${block.length} bytes`);
  if (cid.code === RAW) return { size: block.length, bytes: block, links: [] };

  const { links, fields } = decodeNode(root, cid, block);
  if (fields.type !== "file" && fields.type !== "raw") throw malformed(root, `it is a ${fields.type}`);
  const bytes = fields.data ?? new Uint8Array();
  if (links.length === 0) return { size: bytes.length, bytes, links: [] };

  if (depth >= MAX_DEPTH) throw malformed(root, `it has more than ${MAX_DEPTH} layers`);
  if (bytes.length > 0) throw malformed(root, `its block ${cid.toString()} has both bytes and links`);
  if (links.length !== fields.blockSizes.length) {
    throw malformed(
      root,
      `its block ${cid.toString()} has ${links.length} links and ${fields.blockSizes.length} sizes`,
    );
  }
  const children = links.map((child, index) => {
    const size = Number(fields.blockSizes[index]);
    if (!(size > 0) || !Number.isSafeInteger(size))
      throw malformed(root, `its block ${cid.toString()} links to ${size} bytes`);
    if (!isSupported(child)) {
      throw malformed(
        root,
        `its block ${cid.toString()} links to ${child.toString()}, which is no CIDv1 with a whole sha2-256, raw or dag-pb`,
      );
    }
    return { cid: child, size, depth: depth + 1 };
  });
  return { size: children.reduce((sum, { size }) => sum + size, 0), bytes, links: children };
}

/**
 * Warning: the digest's length is the publisher's to choose. Peers deliver a block under a part of its hash, and no
 * store of ours finds it again.
 */
function isSupported({ version, code, multihash }: CID): boolean {
  const isWholeHash = multihash.code === sha256.code && multihash.digest.length === DIGEST_BYTES;
  return version === 1 && isWholeHash && (code === RAW || code === DAG_PB);
}

function decodeNode(root: CID, cid: CID, block: Uint8Array): { links: CID[]; fields: UnixFS } {
  try {
    // Before decoding, which takes long for a node full of tiny links. A node has its links and its data.
    if (hasMoreFieldsThan(block, MAX_LINKS + 1)) throw new Error(`more than ${MAX_LINKS} links`);
    const { Links, Data } = decode(block);
    if (Data === undefined) throw new Error("no UnixFS data");
    if (Links.length > MAX_LINKS) throw new Error(`more than ${MAX_LINKS} links`);
    if (hasMoreFieldsThan(Data, MAX_LINKS + UNIXFS_FIELDS)) throw new Error(`more than ${MAX_LINKS} sizes`);
    return {
      links: Links.map(({ Hash }) => CID.asCID(Hash) ?? CID.decode(Hash.bytes)),
      fields: UnixFS.unmarshal(Data),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw malformed(root, `its block ${cid.toString()} is no UnixFS node (${reason})`, cause);
  }
}

/** Room for a file. What a spec allows may be more than this machine has, or than an array can hold. */
function allocate(root: CID, size: number): Uint8Array {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const what = `it claims ${size} bytes, for which this machine has no room`;
    throw new StoreError("too-large", `${root.toString()} is too large: ${what}`, { cause });
  }
}

function malformed(root: CID, what: string, cause?: unknown): StoreError {
  return new StoreError("malformed", `${root.toString()} is not a file: ${what}`, { cause });
}

function tooLarge(root: CID, what: string, maxBytes: number): StoreError {
  return new StoreError("too-large", `${root.toString()} is too large: ${what} bytes, and ${maxBytes} are allowed`);
}
