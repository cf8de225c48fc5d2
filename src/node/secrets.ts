import { createHmac } from "node:crypto";

import { keccak256, type BaseWallet } from "ethers";

import type { Ledger } from "../ledger/ledger.ts";
import type { ExperimentConfig } from "../ledger/types.ts";

/** A learner proposes no more often than this: more links would take too long to compute. */
const MAX_LINKS = 100_000;
const LINK_BYTES = 32;

/** Which experiment the secrets are for. */
export interface SecretScope {
  /** Chain id and genesis block. */
  readonly chain: string;
  readonly contract: string;
  readonly experiment: bigint;
}

/**
 * What a learner must know again after a crash, and nobody else before it says so: derived from its key (HMAC-SHA256),
 * so that no file can be lost, and different in every experiment, so that nothing is said twice.
 */
export class Secrets {
  readonly #key: Buffer;
  readonly #scope: readonly string[];
  #links: Buffer | undefined;

  constructor(wallet: BaseWallet, { chain, contract, experiment }: SecretScope) {
    this.#key = Buffer.from(wallet.privateKey.slice(2), "hex");
    this.#scope = [chain, contract.toLowerCase(), experiment.toString()];
  }

  /** The salt that a vote is sealed with: another for every round and proposal. */
  salt(round: number, proposal: string): string {
    return this.#derive("seal", round.toString(), proposal);
  }

  /** The end of the learner's hash chain, which it commits to when it joins. */
  lastLink(rounds: number): string {
    return hex(this.#chain(rounds), 0);
  }

  /**
   * The link to reveal next.
   * @param revealed the last one that the ledger knows; its hash chain must be this one
   */
  nextLink(rounds: number, revealed: string): string | undefined {
    const links = this.#chain(rounds);
    for (let at = 0; at + 1 < links.length / LINK_BYTES; at++) {
      if (hex(links, at) === revealed) return hex(links, at + 1);
    }
    return undefined;
  }

  /** All links, the last first: that is the order in which they are revealed. */
  #chain(rounds: number): Buffer {
    if (this.#links) return this.#links;
    const count = Math.min(rounds, MAX_LINKS) + 1;
    const links = Buffer.alloc(count * LINK_BYTES);
    let link = this.#derive("selection");
    for (let at = count - 1; at >= 0; at--) {
      links.write(link.slice(2), at * LINK_BYTES, "hex");
      link = keccak256(link);
    }
    this.#links = links;
    return links;
  }

  #derive(...purpose: string[]): string {
    const message = JSON.stringify(["colearn", ...this.#scope, ...purpose]);
    return `0x${createHmac("sha256", this.#key).update(message).digest("hex")}`;
  }
}

/** The scope of a learner's secrets in an experiment. */
export async function secretScope(ledger: Ledger, experiment: bigint): Promise<SecretScope> {
  return { chain: await ledger.chain(), contract: ledger.address, experiment };
}

/** The end of the hash chain to join with, where proposers are drawn. */
export function linkToJoin(
  { selection, rounds }: Pick<ExperimentConfig, "selection" | "rounds">,
  secrets: Secrets,
): string | undefined {
  return selection === "random" ? secrets.lastLink(rounds) : undefined;
}

function hex(links: Buffer, at: number): string {
  return `0x${links.toString("hex", at * LINK_BYTES, (at + 1) * LINK_BYTES)}`;
}
