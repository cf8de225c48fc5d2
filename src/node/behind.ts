/**
 * Whether a journal is all that this learner did, or an old copy of it (a backup, a new folder). The ledger is asked first.
 *
 * Sent by a transaction of its own, a vote is never doubled whatever the journal says: the snapshot tells whether this voter
 * voted, a nonce is used once, and the contract counts one vote of a voter. A vote that was signed and given to a relay is
 * different: it may be neither on the ledger nor in an old copy, and a second one, with another payload, would contradict it.
 * Such a vote can be for the round that is open when the node starts, and for no later one: nothing signed by this key for
 * a round that was not open yet exists. So abstaining in that one round is enough.
 *
 * A copy that lacks nothing but the open round's vote cannot be told from the journal of a node that has not voted yet. Then
 * another payload may be signed, where the evaluation comes out otherwise; the contract counts one of the two.
 */
import { has, lastSettled, type Round, type Snapshot } from "../ledger/types.ts";
import type { Journal } from "./journal.ts";

/**
 * Rounds that are looked at, the last ones. After two missed duties a learner is suspended: who is a voter now mostly took
 * part a round or two ago.
 */
const LOOK_BACK_ROUNDS = 8;

/**
 * The last round in which the ledger shows a part of this learner's, where the journal knows nothing of it. Only the last:
 * once a restored node has taken part again, it is as good as any.
 */
export async function unknownPart(
  roundAt: (round: number) => Promise<Round>,
  address: string,
  snapshot: Snapshot,
  journal: Pick<Journal, "round">,
): Promise<number | undefined> {
  const { index } = snapshot;
  if (index === undefined) return undefined;
  const last = snapshot.round;
  const first = Math.max(1, lastSettled(snapshot) - LOOK_BACK_ROUNDS + 1);
  for (let round = last; round >= first; round--) {
    const { proposal, vote } = journal.round(round);
    if (proposal !== undefined || vote !== undefined) return undefined;
    if (tookPart(await roundAt(round), address, index)) return round;
  }
  return undefined;
}

function tookPart(
  { proposer, proposal, approvals, rejections, seals }: Round,
  address: string,
  index: number,
): boolean {
  return (proposer === address && proposal !== undefined) || has(approvals | rejections | seals, index);
}
