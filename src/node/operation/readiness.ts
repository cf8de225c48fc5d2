/** The chain must have answered within this. A node that waits looks at it every 15 s at least. */
const CHAIN_SEEN_SECONDS = 90;
/** How long the learner may hold the weights before the current ones: fetching and evaluating takes a while each round. */
const BEHIND_SECONDS = 120;

/** What is known of a node or a relay. Times are local, milliseconds since 1970. */
export interface Condition {
  readonly stopping: boolean;
  readonly storeOpen: boolean;
  /** When the chain last answered. */
  readonly chainSeen: number | undefined;
  /** Whether the experiment is over: then the chain has nothing more to say. */
  readonly finished: boolean;
  /** The learner's part; none for a relay, which has no learner. */
  readonly learner:
    | {
        readonly started: boolean;
        /** Whether the learner ever took up weights in this process. */
        readonly synchronised: boolean;
        /** Since when the ledger's current weights are others than the learner's. */
        readonly behindSince: number | undefined;
        /** Code of the error that keeps the node from its next step. */
        readonly failing: string | undefined;
      }
    | undefined;
}

export interface NotReady {
  readonly code: "stopping" | "store" | "chain" | "learner" | "weights" | "failing";
  readonly message: string;
}

/** Why something is not ready; nothing where it is. */
export function notReady(condition: Condition, now: number): NotReady[] {
  const { stopping, storeOpen, chainSeen, finished, learner } = condition;
  const reasons: NotReady[] = [];
  if (stopping) reasons.push({ code: "stopping", message: "it was told to stop" });
  if (!storeOpen) reasons.push({ code: "store", message: "the store is not open" });
  if (chainSeen === undefined) reasons.push({ code: "chain", message: "the chain has not answered yet" });
  else if (!finished && secondsSince(chainSeen, now) > CHAIN_SEEN_SECONDS) {
    reasons.push({ code: "chain", message: `the chain has not answered for ${secondsSince(chainSeen, now)} s` });
  }
  if (learner === undefined) return reasons;
  const { started, synchronised, behindSince, failing } = learner;
  if (!started) reasons.push({ code: "learner", message: "the learner has not started" });
  else if (!synchronised) reasons.push({ code: "weights", message: "the learner has no weights of the ledger's yet" });
  else if (behindSince !== undefined && secondsSince(behindSince, now) > BEHIND_SECONDS) {
    const seconds = secondsSince(behindSince, now);
    reasons.push({ code: "weights", message: `the learner does not hold the current weights since ${seconds} s` });
  }
  if (failing !== undefined) reasons.push({ code: "failing", message: `the last step failed: ${failing}` });
  return reasons;
}

function secondsSince(then: number, now: number): number {
  return Math.round((now - then) / 1000);
}
