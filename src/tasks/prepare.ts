import type { Weights } from "../weights/weights.ts";
import type { Manifest, PrivacyLimit, Stop } from "../weights/manifest.ts";
import { specOf } from "../weights/spec.ts";
import type { Task, TaskParams } from "./task.ts";

export interface ExperimentDraft {
  readonly task: Task;
  /** What is left out takes the task's default. */
  readonly params: TaskParams;
  readonly seed: number;
  /** For people; the task's own title where left out. */
  readonly title?: string | undefined;
  /** When the experiment ends early; never where left out. */
  readonly stop?: Stop | undefined;
  /** What each learner may spend; the task's default where left out. */
  readonly privacy?: PrivacyLimit | undefined;
}

/** What a new experiment begins with: the document that all learners agree on, and the first current weights. */
export async function prepareExperiment({
  task,
  params,
  seed,
  title,
  stop,
  privacy = task.privacy,
}: ExperimentDraft): Promise<{
  manifest: Manifest;
  weights: Weights;
}> {
  const complete = task.parseParams(params);
  // The initial weights are the same whatever computes them; this is there on every machine.
  if (task.usesTfjs) await (await import("../learning/tfjs/backend.ts")).useBackend("cpu");
  const { format, topology, weights } = await task.createModel(complete, seed);
  const fields = {
    title: title ?? task.title,
    task: { name: task.name, params: complete as Manifest["task"]["params"] },
    model: { format, topology },
    weights: specOf(weights),
    metric: task.metric,
    seed,
  };
  return { manifest: { ...limitsOf(stop, privacy), ...fields }, weights };
}

/** The lowest version that says all: a manifest without limits has the content id, and the readers, that it always had. */
function limitsOf(stop: Stop | undefined, privacy: PrivacyLimit | undefined) {
  if (privacy !== undefined) return { version: 3 as const, privacy, ...(stop && { stop }) };
  return stop === undefined ? { version: 1 as const } : { version: 2 as const, stop };
}
