import { UserError } from "../../errors.ts";
import { formatContentId, type ContentId } from "../../weights/content-id.ts";
import { encodeWeights } from "../../weights/safetensors.ts";
import { scoresOf, timed, type Context } from "../context.ts";

/** Trains and proposes the result; or proposes again what the journal says was proposed in this round. */
export async function propose(
  context: Context,
  { round, recorded }: { round: number; recorded: ContentId | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { learner, store, journal, transactor, experiment, emit, log } = context;
  if (recorded) {
    log.info({ round, weights: formatContentId(recorded) }, "proposing again what was proposed before");
    const { hash } = await transactor.propose(experiment, round, recorded, await nextLink(context));
    emit({ event: "proposed", round, weights: formatContentId(recorded), transaction: hash ?? null, milliseconds: {} });
    return;
  }

  log.info({ round }, "training");
  const onProgress = (done: number, total: number) => {
    log.debug({ round, done, total }, "training");
  };
  const [weights, train] = await timed(() => learner.proposeWeights(round, { signal, onProgress }));
  const [id, stored] = await timed(() => store.add(encodeWeights(weights), signal));
  // Adding has pinned it, whatever becomes of the round.
  journal.recordHeld({ round, weights: id, accepted: false });
  signal.throwIfAborted();
  journal.recordProposal(round, id);
  const { hash } = await transactor.propose(experiment, round, id, await nextLink(context));
  log.info({ round, weights: formatContentId(id), train }, "proposed");
  emit({
    event: "proposed",
    round,
    weights: formatContentId(id),
    transaction: hash ?? null,
    milliseconds: { train, store: stored },
    ...(weights.summary?.epsilon !== undefined && { epsilon: weights.summary.epsilon }),
  });
  // The proposer has no vote: this is for reports, and because it will need the score once this is accepted.
  const evaluation = await learner.testWeights(weights);
  emit({ event: "evaluated", round, weights: formatContentId(id), ...scoresOf(evaluation) });
}

/** Where proposers are drawn, a proposal reveals one link more of its learner's hash chain. */
async function nextLink({ transactor, experiment, secrets, config }: Context): Promise<string | undefined> {
  if (config.selection !== "random") return undefined;
  const { link } = await transactor.ledger.learner(experiment, transactor.address);
  const next = link === undefined ? undefined : secrets.nextLink(config.rounds, link);
  if (next !== undefined) return next;
  throw new UserError("link", "this key did not join with the hash chain that this version derives from it", {
    remedy: "run the version that joined, or join another experiment",
  });
}
