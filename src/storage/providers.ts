import type { Multiaddr } from "@multiformats/multiaddr";
import { multiaddr } from "@multiformats/multiaddr";

/** A peer that may hold a file, and where to find it. */
export interface Provider {
  readonly peerId: string;
  readonly addresses: readonly Multiaddr[];
}

/** More peers than this in one fetch are somebody's joke. */
const MAX_PEERS = 256;
/** Of one peer. */
const MAX_ADDRESSES = 8;
const hosts = new Set(["ip4", "ip6", "dns", "dns4", "dns6"]);

/**
 * The peers behind multiaddresses, in the order given. Addresses come from other learners' contacts, so whatever is no
 * `/ip4|ip6|dns…/tcp/…/p2p/…` is left out rather than complained about; so is `self`.
 *
 * A peer's addresses stand side by side. Those that come later, after another peer's, are left out: whoever names
 * another learner's peer id in a contact of their own would slow down the way to it with addresses where nobody is.
 */
export function parseProviders(texts: readonly string[], self: string): Provider[] {
  const byPeer = new Map<string, Multiaddr[]>();
  let last: string | undefined;
  for (const text of texts) {
    const parsed = parseProvider(text);
    if (parsed === undefined) continue;
    const { peerId, address } = parsed;
    const addresses = byPeer.get(peerId);
    if (addresses !== undefined) {
      if (peerId === last && addresses.length < MAX_ADDRESSES) addresses.push(address);
    } else if (peerId !== self) {
      if (byPeer.size === MAX_PEERS) break;
      byPeer.set(peerId, [address]);
    }
    last = peerId;
  }
  return [...byPeer].map(([peerId, addresses]) => ({ peerId, addresses }));
}

function parseProvider(text: string): { peerId: string; address: Multiaddr } | undefined {
  let address: Multiaddr;
  try {
    address = multiaddr(text);
  } catch {
    return undefined;
  }
  const [host, port, peer, ...rest] = address.getComponents();
  if (host === undefined || port?.name !== "tcp" || peer?.name !== "p2p" || rest.length > 0) return undefined;
  if (!hosts.has(host.name) || peer.value === undefined) return undefined;
  return { peerId: peer.value, address };
}
