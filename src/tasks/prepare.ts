import type { Weights } from "../weights/weights.ts";
import type { Manifest, Stop } from "../weights/manifest.ts";
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
}

/** What a new experiment begins with: the document that all learners agree on, and the first current weights. */
export async function prepareExperiment({ task, params, seed, title, stop }: ExperimentDraft): Promise<{
  manifest: Manifest;
  weights: Weights;
}> {
  const complete = task.parseParams(params);
  // The initial weights are the same whatever computes them; this is there on every machine.
  if (task.model.usesTfjs) await (await import("../learning/tfjs/backend.ts")).useBackend("cpu");
  const { format, topology, weights } = await task.createModel(complete, seed);
  const fields = {
    title: title ?? task.title,
    task: { name: task.name, params: complete as Manifest["task"]["params"] },
    model: { format, topology },
    weights: specOf(weights),
    metric: task.metric,
    seed,
  };
  // Version 1 where it says all: it has the content id, and the readers, that it always had.
  const manifest: Manifest = stop === undefined ? { version: 1, ...fields } : { version: 2, ...fields, stop };
  return { manifest, weights };
}
