import { ColearnError } from "../../errors.ts";
import type { Evaluation } from "../../learning/interface.ts";
import { StoreError } from "../../storage/errors.ts";
import { formatContentId, type ContentId } from "../../weights/content-id.ts";
import { checkDeclared } from "../../weights/declared.ts";
import { WeightsError } from "../../weights/errors.ts";
import type { Weights } from "../../weights/weights.ts";
import { fetchWeights, scoresOf, timed, type Context } from "../context.ts";
import type { RecordedVote } from "../decide.ts";
import type { Scores } from "../events.ts";

/** Attempts at fetching a proposal before it is refused: the first may meet a holder that has just restarted. */
const FETCH_ATTEMPTS = 2;
/** Of the time left to vote, the part that fetching may take: who is slow on purpose is refused, not waited for. */
const FETCH_PART = 0.5;

interface Proposed {
  readonly round: number;
  readonly proposal: ContentId;
  readonly proposer: string;
  /** Seconds until the vote's deadline. */
  readonly secondsLeft: number;
}

interface Judgement {
  readonly approve: boolean;
  readonly scores: Scores;
  readonly refusal: string | null;
  readonly milliseconds: { readonly fetch: number; readonly evaluate: number };
}

/** Evaluates the round's proposal and votes on it; or casts again the vote that the journal says was cast. */
export async function vote(
  context: Context,
  action: Proposed & { readonly recorded: RecordedVote | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { journal, casting, emit, log } = context;
  const { round, proposal, recorded, secondsLeft } = action;
  const weights = formatContentId(proposal);
  if (recorded) {
    log.info({ round, weights }, "casting again the vote that was cast before");
    const hash = await casting.cast(round, recorded, secondsLeft, signal);
    const scores = scoresOf({ voteScore: recorded.score, testScore: Number.NaN });
    const { approve } = recorded;
    emit({
      event: "voted",
      round,
      weights,
      approve,
      ...scores,
      refusal: null,
      transaction: hash ?? null,
      milliseconds: {},
    });
    return;
  }

  const { approve, scores, refusal, milliseconds } = await judge(context, action, signal);
  signal.throwIfAborted();
  const recording = { proposal, approve, score: scores.voteScore ?? Number.NaN };
  journal.recordVote(round, recording);
  const spent = (milliseconds.fetch + milliseconds.evaluate) / 1000;
  const hash = await casting.cast(round, recording, Math.max(0, secondsLeft - spent), signal);
  log.info({ round, weights, approve, ...scores }, approve ? "approved" : "rejected");
  emit({ event: "voted", round, weights, approve, ...scores, refusal, transaction: hash ?? null, milliseconds });
}

/** Whatever another learner proposes, the answer is a judgement: only this node's own failures are thrown. */
async function judge(context: Context, proposed: Proposed, signal: AbortSignal): Promise<Judgement> {
  const { round, proposal, proposer } = proposed;
  const refuse = ({ code, message }: ColearnError, milliseconds: Judgement["milliseconds"]): Judgement => {
    context.log.warn({ round, proposer, weights: formatContentId(proposal), code }, `refused: ${message}`);
    return { approve: false, scores: { voteScore: null, testScore: null }, refusal: code, milliseconds };
  };
  const [outcome, fetch] = await timed(() => fetchOrRefusal(context, proposed, signal));
  if (outcome instanceof Error) return refuse(outcome, { fetch, evaluate: 0 });
  const [evaluation, evaluated] = await timed(() => testOrRefusal(context, outcome, signal));
  const milliseconds = { fetch, evaluate: evaluated };
  if (evaluation instanceof Error) return refuse(evaluation, milliseconds);
  return { approve: evaluation.vote, scores: scoresOf(evaluation), refusal: null, milliseconds };
}

async function fetchOrRefusal(
  context: Context,
  { proposal, proposer, secondsLeft }: Proposed,
  signal: AbortSignal,
): Promise<Weights | ColearnError> {
  const seconds = Math.max(1, Math.floor(secondsLeft * FETCH_PART));
  const late = AbortSignal.timeout(seconds * 1000);
  for (let attempt = 1; ; attempt++) {
    try {
      const weights = await fetchWeights(context, proposal, proposer, AbortSignal.any([signal, late]));
      if (context.privacy !== undefined) checkDeclared(weights.summary, context.privacy);
      return weights;
    } catch (error) {
      signal.throwIfAborted();
      if (late.aborted) return new StoreError("not-found", `nobody gave the weights within ${seconds} s`);
      if (!isProposersFault(error)) throw error;
      const mayHelp = error.code === "not-found";
      if (!mayHelp || attempt >= FETCH_ATTEMPTS) return error;
      context.log.info({ attempt }, `fetching again: ${error.message}`);
    }
  }
}

/** What has the spec's shapes may still be no model: a tree that splits by a feature that nobody has. */
async function testOrRefusal(
  { learner }: Context,
  weights: Weights,
  signal: AbortSignal,
): Promise<Evaluation | ColearnError> {
  try {
    return await learner.testWeights(weights, { signal });
  } catch (error) {
    if (error instanceof ColearnError && error.code.startsWith("weights-")) return error;
    throw error;
  }
}

/** A file that nobody gives, that is too large or that is not what it should be; not a full disk or a store that is down. */
function isProposersFault(error: unknown): error is ColearnError {
  return error instanceof WeightsError || (error instanceof StoreError && error.code !== "unavailable");
}
