import type { Multiaddr } from "@multiformats/multiaddr";
import { multiaddr } from "@multiformats/multiaddr";

/** A peer that may hold a file, and where to find it. */
export interface Provider {
  readonly peerId: string;
  readonly addresses: readonly Multiaddr[];
}

/** More addresses than this in one fetch are somebody's joke. */
const MAX_ADDRESSES = 256;
const hosts = new Set(["ip4", "ip6", "dns", "dns4", "dns6"]);

/**
 * The peers behind multiaddresses, in the order of their first address. Addresses come from other learners' contacts,
 * so whatever is no `/ip4|ip6|dns…/tcp/…/p2p/…` is left out rather than complained about; so is `self`.
 */
export function parseProviders(texts: readonly string[], self: string): Provider[] {
  const byPeer = new Map<string, Multiaddr[]>();
  for (const text of texts.slice(0, MAX_ADDRESSES)) {
    const parsed = parseProvider(text);
    if (parsed === undefined || parsed.peerId === self) continue;
    const addresses = byPeer.get(parsed.peerId);
    if (addresses === undefined) byPeer.set(parsed.peerId, [parsed.address]);
    else addresses.push(parsed.address);
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
