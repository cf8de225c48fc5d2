import { formatContentId } from "../../weights/content-id.ts";
import type { Context } from "../context.ts";
import type { RecordedVote } from "../decide.ts";

/** Reveals the vote that this node sealed in the round, as the journal has it. */
export async function reveal(
  { transactor, experiment, secrets, emit, log }: Context,
  { round, recorded }: { readonly round: number; readonly recorded: RecordedVote },
): Promise<void> {
  const { proposal, approve, score } = recorded;
  const vote = { voter: transactor.address, approve, score, salt: secrets.salt(round, proposal.digest) };
  const { hash } = await transactor.revealVote(experiment, round, proposal, vote);
  log.info({ round, weights: formatContentId(proposal), approve }, "revealed the vote");
  emit({ event: "revealed", round, weights: formatContentId(proposal), transaction: hash ?? null });
}
