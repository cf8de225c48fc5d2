/** What an experiment's votes compare: a number that each learner computes on its own data. */
export interface Metric {
  /** For example "accuracy" or "loss". */
  readonly name: string;
  readonly direction: "maximise" | "minimise";
  /** Approve only what is better than the current weights by more than this, in the metric's unit. */
  readonly tolerance: number;
}
