import type { BackendChoice } from "../learning/tfjs/backend.ts";
import type { Ballot, Selection } from "../ledger/types.ts";
import type { SplitKind } from "../tasks/split.ts";
import type { Task, TaskParams } from "../tasks/task.ts";
import type { PrivacyLimit } from "../weights/manifest.ts";

/** What a demo runs, whichever the driver. */
export interface DemoOptions {
  readonly task: Task;
  /** Absolute path of the module whose task it is; undefined where it comes with the program. */
  readonly module?: string | undefined;
  readonly params: TaskParams;
  /** What each learner may spend; undefined where training is not private. */
  readonly privacy: PrivacyLimit | undefined;
  readonly learners: number;
  readonly rounds: number;
  readonly approvalBps: number;
  readonly trainRatio: number;
  readonly seed: number;
  readonly split: SplitKind;
  readonly backend: BackendChoice;
  readonly selection: Selection;
  readonly ballot: Ballot;
  /** How votes get to the ledger: each by its voter's transaction, or together by whoever proposed. */
  readonly votes: "direct" | "relayed";
  readonly dataDir?: string | undefined;
  readonly testDir?: string | undefined;
  /** Where the run leaves its report, its logs and the model. */
  readonly out: string;
  /** The program whose `node` command runs a learner. */
  readonly colearn: string;
}

/** One round, for whoever watches. */
export interface RoundNews {
  readonly round: number;
  readonly proposer: number;
  readonly status: "accepted" | "rejected" | "skipped";
  /** Each learner's vote, by index; null for the proposer and for who did not vote. */
  readonly approvals: readonly (boolean | null)[];
  readonly meanTestScore: number | null;
  readonly milliseconds: number;
}

/** Tells a person what happens, as it happens. */
export interface Watcher {
  /** A step is done, or something is worth a line. */
  say(line: string): void;
  /** What is going on right now: replaces what was said so before. */
  doing(what: string): void;
  round(news: RoundNews): void;
}
