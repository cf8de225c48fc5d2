import { z } from "zod";

import { UserError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Transactor } from "../ledger/transactor.ts";
import type { FetchOptions, Store } from "../storage/store.ts";
import type { ContentId } from "../weights/content-id.ts";

/** The contract takes no longer contact, in bytes. */
const MAX_BYTES = 1024;
/** More addresses than this are not dialled. */
const MAX_ADDRESSES = 8;

/** How other learners reach one: JSON on the ledger. Unknown fields are for later versions and ignored. */
const contactSchema = z.object({
  /** libp2p multiaddresses, each with its /p2p/ id. */
  addresses: z.array(z.string().max(300)).max(32),
  /** Whether the learner sends others' votes and calls, and pays for them. */
  relay: z.boolean().optional(),
});

/**
 * A contact as it goes on the ledger.
 * @throws UserError when the addresses do not fit
 */
export function encodeContact(addresses: readonly string[], { relay = false } = {}): string {
  const dialable = addresses.filter(isDialable).slice(0, MAX_ADDRESSES);
  const contact = JSON.stringify({ addresses: dialable, ...(relay ? { relay } : {}) });
  const bytes = Buffer.byteLength(contact);
  if (bytes > MAX_BYTES) {
    throw new UserError(
      "contact",
      `this node's addresses take ${bytes} bytes: more than the ${MAX_BYTES} of a contact`,
      {
        remedy: "announce fewer or shorter ones with --announce",
      },
    );
  }
  return contact;
}

/**
 * The addresses in a contact; none where it is not one: it is a stranger's text. All are of one peer, the first that it
 * names: a contact says where its learner is, and nothing of others.
 */
export function parseContact(text: string): string[] {
  const addresses = readContact(text)?.addresses.filter(isDialable) ?? [];
  const peer = addresses[0] === undefined ? undefined : peerOf(addresses[0]);
  return addresses.filter((address) => peerOf(address) === peer).slice(0, MAX_ADDRESSES);
}

function readContact(text: string): z.output<typeof contactSchema> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  return contactSchema.safeParse(json).data;
}

/** The peer id that an address ends with. */
export function peerOf(address: string): string {
  return address.slice(address.lastIndexOf("/") + 1);
}

function isDialable(address: string): boolean {
  return /^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d+\/p2p\/\w+$/.test(address);
}

/** Tells the ledger where a learner's store can be reached, where it says otherwise. Only for who has joined. */
export async function announce(
  transactor: Transactor,
  experiment: bigint,
  store: Store,
  { relay = false } = {},
): Promise<void> {
  const contact = encodeContact(await store.addresses(), { relay });
  const announced = await transactor.ledger.contacts(experiment);
  if (announced.find(({ learner }) => learner === transactor.address)?.contact === contact) return;
  await transactor.updateContact(experiment, contact);
}

/** Blocks that are read again, so that contacts announced in a reorganised block are not missed. */
const REORGANISED_BLOCKS = 64;

/** Relays beyond the proposer and the operator's own: strangers may say that they relay. */
const MAX_RELAYS = 8;

/** Knows where weights can be had, from their proposer first and then from every other learner, and who relays. */
export class ContactBook {
  readonly #ledger: Ledger;
  readonly #experiment: bigint;
  readonly #extra: readonly string[];
  /** What was announced last, by learner, up to the block `#seen`. */
  readonly #announced = new Map<string, string>();
  #seen: number | undefined;

  /** @param extra addresses beyond those on the ledger */
  constructor(ledger: Ledger, experiment: bigint, extra: readonly string[]) {
    this.#ledger = ledger;
    this.#experiment = experiment;
    this.#extra = extra;
  }

  /**
   * Addresses to fetch from, best first. A peer that an earlier contact names is left out of the later ones: else a
   * stranger's contact could send those who look for another learner astray.
   */
  async providers(first?: string): Promise<string[]> {
    await this.#read();
    // The operator's own come right after the proposer's, where no number of strangers' contacts can push them out.
    const others = [...this.#announced]
      .filter(([learner]) => learner !== first)
      .map(([, contact]) => parseContact(contact));
    const proposers = first === undefined ? undefined : this.#announced.get(first);
    const peers = new Set<string>();
    return [proposers === undefined ? [] : parseContact(proposers), this.#extra, ...others].flatMap((addresses) => {
      const fresh = addresses.filter((address) => !peers.has(peerOf(address)));
      for (const address of fresh) peers.add(peerOf(address));
      return fresh;
    });
  }

  /**
   * Addresses of those who relay, those of one peer together: the operator's own, the proposer, and other learners who say
   * so. A contact has no say about the operator's peers, and takes none of another contact's addresses away: anybody may
   * name anybody's peer.
   * @param own multiaddresses that the operator gave
   */
  async relays(own: readonly string[], proposer?: string): Promise<string[][]> {
    await this.#read();
    const peers = new Set(own.map(peerOf));
    const operators = [...peers].map((peer) => own.filter((address) => peerOf(address) === peer));
    const others = [...this.#announced.values()].filter((contact) => readContact(contact)?.relay === true);
    const named = [(proposer && this.#announced.get(proposer)) ?? "", ...others.slice(0, MAX_RELAYS)]
      .map(parseContact)
      .filter(([first]) => first !== undefined && !peers.has(peerOf(first)));
    const distinct = new Map(named.map((addresses) => [addresses.join(" "), addresses]));
    return [...operators, ...distinct.values()];
  }

  async #read(): Promise<void> {
    const latest = await this.#ledger.provider.getBlockNumber();
    const from = this.#seen === undefined ? undefined : Math.max(0, this.#seen - REORGANISED_BLOCKS);
    for (const { learner, contact } of await this.#ledger.contacts(this.#experiment, from)) {
      this.#announced.set(learner, contact);
    }
    this.#seen = latest;
  }
}

/** Reads a file from the store or, where it is not there, from those who may have it: `first` before the others. */
export async function fetchFile(
  { store, contacts }: { readonly store: Store; readonly contacts: ContactBook },
  id: ContentId,
  options: Omit<FetchOptions, "providers">,
  first?: string,
): Promise<Uint8Array> {
  const providers = (await store.has(id)) ? [] : await contacts.providers(first);
  return store.get(id, { ...options, providers });
}
