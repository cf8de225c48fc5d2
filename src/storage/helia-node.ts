import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { withBitswap } from "@helia/bitswap";
import type { SessionBlockstore } from "@helia/interface";
import type { HeliaWithLibp2p } from "@helia/libp2p";
import { withLibp2pLight } from "@helia/libp2p";
import { noise } from "@libp2p/noise";
import { yamux } from "@libp2p/yamux";
import type { Identify } from "@libp2p/identify";
import { identify } from "@libp2p/identify";
import { tcp } from "@libp2p/tcp";
import { LevelDatastore } from "datastore-level";
import { createHeliaLight } from "helia";
import type { CID } from "multiformats/cid";

import { UserError } from "../errors.ts";
import { Collected } from "./collected.ts";
import { DiskBlockstore } from "./disk-blockstore.ts";
import { systemErrorCode } from "./errors.ts";
import { isBlockOf } from "./file-dag.ts";

/** LevelDB writes what it is told into a log of at most this before it sorts it: peers' addresses, again and again. */
const LOG_BYTES = 262_144;

interface Services extends Record<string, unknown> {
  readonly identify: Identify;
}

export interface HeliaNodeOptions {
  readonly directory: string;
  readonly listen: readonly string[];
  readonly announce: readonly string[];
}

/** A started IPFS node that speaks to nobody but those it is told of. */
export interface HeliaNode {
  readonly directory: string;
  readonly helia: HeliaWithLibp2p<Services>;
  readonly blocks: DiskBlockstore;
  /** Blocks asked of a peer and not on disk yet, by peer and content id. */
  readonly arriving: Map<string, Promise<Uint8Array>>;
  /** Blocks that were removed to free their space. */
  readonly collected: Collected;
  /** Closes a session later: what was asked of it may still come in and be kept. */
  linger(session: SessionBlockstore, milliseconds: number): void;
  stop(): Promise<void>;
}

/** Two blocks of the largest size in this time is 280 kbit/s; a slower link cannot take part in learning. */
const BITSWAP_MESSAGE_MILLISECONDS = 120_000;

/**
 * Starts a Helia node with TCP, noise, yamux, identify and bitswap, and nothing else: no bootstrap, DHT, mDNS, UPnP or
 * gateway. Its peer identity and its blocks live under the directory, so both survive a restart.
 * @throws UserError when the directory cannot be used or an address not be listened on
 */
export async function startHeliaNode({ directory, listen, announce }: HeliaNodeOptions): Promise<HeliaNode> {
  const datastore = await openDatastore(directory);
  const blocks = new DiskBlockstore(blocksIn(directory));
  const helia = withBitswap(
    withLibp2pLight<ReturnType<typeof createHeliaLight>, Services>(
      createHeliaLight({ blockstore: blocks, datastore }),
      {
        addresses: { listen: [...listen], announce: [...announce] },
        transports: [tcp()],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        services: { identify: identify() },
        // Its pings queue behind blocks, so a slow link that works would be taken for a dead one and cut.
        connectionMonitor: { enabled: false },
        // The default of 5 a second turns learners on one machine away when they all start at once.
        connectionManager: { inboundConnectionThreshold: 100 },
      },
    ),
    {
      messageReceiveTimeout: BITSWAP_MESSAGE_MILLISECONDS,
      messageSendTimeout: BITSWAP_MESSAGE_MILLISECONDS,
      sendBlocksTimeout: BITSWAP_MESSAGE_MILLISECONDS,
      incomingStreamTimeout: BITSWAP_MESSAGE_MILLISECONDS,
    },
  );

  const lingering = new Map<SessionBlockstore, NodeJS.Timeout>();
  function linger(session: SessionBlockstore, milliseconds: number): void {
    lingering.set(
      session,
      setTimeout(() => part(session), milliseconds),
    );
  }
  function part(session: SessionBlockstore): void {
    clearTimeout(lingering.get(session));
    lingering.delete(session);
    session.close();
  }
  async function stop(): Promise<void> {
    for (const session of lingering.keys()) part(session);
    await helia.stop();
    await datastore.close(); // Helia leaves it open.
  }
  try {
    await helia.start();
  } catch (error) {
    await stop();
    throw explainStart(error, listen, announce);
  }
  return { directory, helia, blocks, arriving: new Map(), collected: new Collected(), linger, stop };
}

/** What lies on this machine's disk under a block's content id, unchecked. */
export async function peekLocalBlock({ blocks }: HeliaNode, cid: CID): Promise<Uint8Array | undefined> {
  if (!(await blocks.has(cid))) return undefined;
  for await (const bytes of blocks.get(cid)) return bytes;
  return undefined;
}

/**
 * A block from this machine's disk, or undefined when it is not there. One that a power cut left damaged is removed
 * and counts as missing, so that the next fetch mends it.
 */
export async function readLocalBlock(node: HeliaNode, cid: CID): Promise<Uint8Array | undefined> {
  const bytes = await peekLocalBlock(node, cid);
  if (bytes === undefined || isBlockOf(cid, bytes)) return bytes;
  await node.blocks.delete(cid);
  return undefined;
}

function blocksIn(directory: string): string {
  return join(directory, "blocks");
}

async function openDatastore(directory: string): Promise<LevelDatastore> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // Helia makes it with the first block, and a collection of garbage before that would not find it.
    await mkdir(blocksIn(directory), { recursive: true });
    const datastore = new LevelDatastore(join(directory, "datastore"));
    // Opened beneath the wrapper, whose error no longer says why.
    await datastore.db.open({ createIfMissing: true, writeBufferSize: LOG_BYTES });
    await datastore.open();
    return datastore;
  } catch (cause) {
    if (isLocked(cause)) {
      throw new UserError("store-locked", `the store in ${directory} is in use by another process`, {
        remedy: "stop that node, or give this one its own data folder",
        cause,
      });
    }
    const said = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : cause;
    throw new UserError("store-directory", `cannot keep a store in ${directory}: ${String(said)}`, {
      remedy: "choose a data folder that this user may write",
      cause,
    });
  }
}

function isLocked(error: unknown): boolean {
  const reason = error instanceof Error ? error.cause : undefined;
  return reason instanceof Error && "code" in reason && reason.code === "LEVEL_LOCKED";
}

/** libp2p only says that "some configured addresses failed"; the reason for each is in its text. */
function explainStart(error: unknown, listen: readonly string[], announce: readonly string[]): unknown {
  if (!(error instanceof Error)) return error;
  const addresses = listen.join(", ");
  const failed = /EADDRINUSE|EADDRNOTAVAIL|EACCES|ENOTFOUND/.exec(error.message)?.[0] ?? systemErrorCode(error);
  const reasons: Partial<Record<string, string>> = {
    EADDRINUSE: "the port is in use",
    EADDRNOTAVAIL: "this machine has no such address",
    ENOTFOUND: "no such host",
    EACCES: "this user may not listen on that port",
  };
  const reason = failed === undefined ? undefined : reasons[failed];
  if (reason !== undefined) {
    return new UserError("listen-failed", `cannot listen on ${addresses}: ${reason}`, {
      remedy: "pass another --listen, for example /ip4/0.0.0.0/tcp/0 for a port chosen by the system",
      cause: error,
    });
  }
  if (error.name === "UnsupportedListenAddressesError" || /multiaddr/i.test(`${error.name} ${error.message}`)) {
    const all = [...listen, ...announce].join(", ");
    return new UserError("listen-failed", `cannot listen on ${all}: not TCP multiaddresses`, {
      remedy: "write --listen like /ip4/0.0.0.0/tcp/4001",
      cause: error,
    });
  }
  return error;
}
