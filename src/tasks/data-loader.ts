/**
 * A data loader: how samples of one format are read from a stakeholder's folder. It knows nothing of models, nor of how
 * samples are split among learners.
 */
import type { z } from "zod";

import { UserError } from "../errors.ts";
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
  /**
   * Writes samples to folders, in files that this loader opens again, the source being gone through once for all folders.
   * The folders are there, and empty. Missing where the format cannot be written.
   */
  write?(shards: readonly ShardFolder[]): Promise<void>;
  /** Goes through all samples and keeps none, where there may be more than memory holds. @throws as `read` */
  check?(): Promise<void>;
}

/** The samples with these numbers, and the folder that they are written to. */
export interface ShardFolder {
  readonly folder: string;
  readonly numbers: Uint32Array;
}

/** A file as its publisher serves it. */
export interface SourceFile {
  /** What the loader calls it. */
  readonly name: string;
  readonly url: string;
  /** In hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** What is to be done with it then: a few words. */
  readonly then?: string;
}

/** Where people get the data from. */
export interface DataSource {
  /** None where the publisher asks for an account. */
  readonly files: readonly SourceFile[];
  /** Where to download by hand, and what to do with it: one sentence. */
  readonly byHand: string;
}

/** Which files of a folder: most formats have their test data in files of their own. */
export type DataPart = "train" | "test";

export interface DataLoader<Params extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** One sentence: what the samples are, and in which files. */
  readonly description: string;
  /** What of the format may vary; each with a default. Task parameters, and so in the manifest: never where data lie. */
  readonly params: Params;
  /** Whether there are data without a folder. */
  readonly packaged?: true;
  /** Where people get such data from; missing where there is no one place. */
  readonly source?: DataSource;
  sample(params: z.output<Params>): SampleKind;
  /**
   * Learns from the train split alone what the inputs of all three are changed by, in place: no mean and no deviation
   * may know of a sample that votes or tests.
   */
  fit?(params: z.output<Params>, train: Samples): (samples: Samples) => void;
  /**
   * Finds a folder's samples.
   * @param folder undefined for the data that come with the program
   * @throws UserError `data-missing` where there are none, `data-malformed` naming file and place
   */
  open(params: z.output<Params>, folder: string | undefined, part: DataPart): Promise<DataSet>;
}

/** @throws UserError `data-missing` where no folder is named, and no data come with the program */
export function requireFolder(folder: string | undefined, { byHand }: Pick<DataSource, "byHand">): string {
  if (folder !== undefined) return folder;
  throw new UserError("data-missing", "this task's data do not come with the program", {
    remedy: `name their folder with --data-dir; ${byHand}`,
  });
}

/** A loader of any parameters: whoever calls it gives parameters that its schema has checked. */
export function defineDataLoader<Params extends z.ZodObject>(loader: DataLoader<Params>): DataLoader {
  return loader;
}
