import { formatContentId, type ContentId } from "../../weights/content-id.ts";
import { fetchWeights, scoresOf, timed, type Context } from "../context.ts";

/** Makes the ledger's current weights the learner's, and keeps them: every learner is a replica. */
export async function synchronise(
  context: Context,
  { weights: id, round }: { weights: ContentId; round: number },
  signal: AbortSignal,
): Promise<void> {
  const [weights, fetch] = await timed(() => fetchWeights(context, id, undefined, signal));
  const [evaluation, evaluated] = await timed(async () => {
    await context.learner.acceptWeights(weights, { signal });
    return context.learner.testWeights(weights, { signal });
  });
  context.journal.recordHeld({ round, weights: id, accepted: true });
  await context.store.pin(id, signal);
  context.emit({
    event: "synchronised",
    round,
    weights: formatContentId(id),
    ...scoresOf(evaluation),
    milliseconds: { fetch, evaluate: evaluated },
  });
}
