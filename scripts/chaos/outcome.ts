/** What a run came to, from the chain and from what was signed. */
import { type Interface, Transaction } from "ethers";

import type { Ledger } from "../../src/ledger/ledger.ts";
import { count, lastSettled, type Outcome } from "../../src/ledger/types.ts";

export interface RunOutcome {
  readonly status: string;
  readonly rounds: Readonly<Record<Exclude<Outcome, "open">, number>>;
  /** Rounds of the experiment that are neither accepted nor rejected nor skipped. */
  readonly lost: number;
  readonly votes: number;
  /** Voters of rounds with a proposal whose vote is not there. */
  readonly missed: number;
  /** Votes beyond the first of a voter in a round. */
  readonly doubled: number;
  /** Where a node signed two different votes or proposals for a round: only one could count. */
  readonly contradictory: readonly string[];
  /** Transactions on the chain that the contract refused. */
  readonly refused: number;
}

/** @param signed each node's transactions, as its endpoint got them */
export async function outcomeOf(
  ledger: Ledger,
  experiment: bigint,
  signed: readonly (readonly string[])[],
): Promise<RunOutcome> {
  const snapshot = await ledger.snapshot(experiment);
  const rounds = { accepted: 0, rejected: 0, skipped: 0 };
  let missed = 0;
  for (let round = 1; round <= lastSettled(snapshot); round++) {
    const { outcome, proposal, voters, approvals, rejections } = await ledger.round(experiment, round);
    if (outcome !== "open") rounds[outcome]++;
    if (proposal) missed += count(voters & ~(approvals | rejections));
  }
  const votes = await ledger.votes(experiment);
  const voted = new Set(votes.map(({ round, voter }) => `${round} ${voter}`));
  return {
    status: snapshot.status,
    rounds,
    lost: snapshot.rounds - rounds.accepted - rounds.rejected - rounds.skipped,
    votes: votes.length,
    missed,
    doubled: votes.length - voted.size,
    contradictory: signed.flatMap((own, node) => contradictions(node, own, ledger.interface)),
    refused: await refusals(ledger),
  };
}

/** Rounds for which a key signed more than one vote, or seal, or proposal. */
function contradictions(node: number, raw: readonly string[], contract: Interface): string[] {
  const once = ["vote", "sealVote", "propose"];
  const payloads = new Map<string, Set<string>>();
  for (const transaction of raw) {
    const parsed = contract.parseTransaction({ data: Transaction.from(transaction).data });
    if (parsed === null || !once.includes(parsed.name)) continue;
    const key = `node ${node}: ${parsed.name} in round ${String(parsed.args[1])}`;
    payloads.set(key, (payloads.get(key) ?? new Set()).add(parsed.args.slice(2).map(String).join(" ")));
  }
  return [...payloads].filter(([, { size }]) => size > 1).map(([key, all]) => `${key}: ${[...all].join("; ")}`);
}

async function refusals({ provider, address }: Ledger): Promise<number> {
  let refused = 0;
  for (let number = await provider.getBlockNumber(); number > 0; number--) {
    const receipts = (await provider.send("eth_getBlockReceipts", [`0x${number.toString(16)}`])) as
      { to: string | null; status: string }[] | null;
    refused += (receipts ?? []).filter(({ to, status }) => to === address.toLowerCase() && status === "0x0").length;
  }
  return refused;
}
