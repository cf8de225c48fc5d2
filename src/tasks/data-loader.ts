/**
 * A data loader: how samples of one format are read from a stakeholder's folder. It knows nothing of models, nor of how
 * samples are split among learners.
 */
import type { z } from "zod";

import type { Samples } from "../learning/samples.ts";

/** What one sample is, for whoever builds a model for it. */
export interface SampleKind {
  /** For example [28, 28, 1]: height, width, channels. */
  readonly shape: readonly number[];
  /** How many classes the targets count from 0; undefined where a target is a value. */
  readonly classes?: number | undefined;
}

/** A folder's samples, of which any can be read. */
export interface DataSet {
  /** One a sample: its class, or the value to predict. */
  readonly targets: Samples["targets"];
  /** The samples with these numbers, each at most once, in this order. @throws UserError naming file and place */
  read(numbers: Uint32Array): Promise<Samples>;
}

/** Which files of a folder: most formats have their test data in files of their own. */
export type DataPart = "train" | "test";

export interface DataLoader<Params extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** One sentence: what the samples are, and in which files. */
  readonly description: string;
  /** What of the format may vary; each with a default. Task parameters, and so in the manifest: never where data lie. */
  readonly params: Params;
  sample(params: z.output<Params>): SampleKind;
  /**
   * Finds a folder's samples.
   * @param folder undefined for the data that come with the program
   * @throws UserError `data-missing` where there are none, `data-malformed` naming file and place
   */
  open(params: z.output<Params>, folder: string | undefined, part: DataPart): Promise<DataSet>;
}

/** A loader of any parameters: whoever calls it gives parameters that its schema has checked. */
export function defineDataLoader<Params extends z.ZodObject>(loader: DataLoader<Params>): DataLoader {
  return loader;
}
