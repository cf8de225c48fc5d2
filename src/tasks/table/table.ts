/** Tables whose every row is a sample, held in memory as plain numbers: what most loaders of CSV files are made of. */
import { basename, join } from "node:path";

import { UserError } from "../../errors.ts";
import type { Samples } from "../../learning/samples.ts";
import type { DataSet } from "../data-loader.ts";
import { atRow, dealRows, readRows, RowFault } from "./csv.ts";

/** Writes a row's inputs to their place and returns its target. @throws RowFault */
export type SampleReader = (cells: readonly string[], inputs: Float32Array) => number;

export interface TableFormat {
  /** How many inputs a sample has. */
  readonly features: number;
  /** Whether targets are classes, below 256, rather than values. */
  readonly classes: boolean;
  /**
   * Looks at the rows from the first on until it returns a reader, of the rows from this or from the next on: before it
   * there may be titles, and names of columns. @throws RowFault
   */
  begin(cells: readonly string[]): { readonly read: SampleReader; readonly from: "this" | "next" } | undefined;
}

/**
 * Reads a whole table.
 * @throws UserError `data-malformed` naming file and row
 */
export async function openTable(path: string, format: TableFormat): Promise<DataSet> {
  const { features } = format;
  let inputs = new Float32Array(features * 1024);
  const targets: number[] = [];
  /** Of the file's row numbers, the samples'. */
  const numbers = new Map<number, number>();
  let read: SampleReader | undefined;
  for await (const rows of readRows(path)) {
    for (const { number, cells } of rows) {
      try {
        if (read === undefined) {
          const begun = format.begin(cells);
          read = begun?.read;
          if (begun?.from !== "this") continue;
        }
        const start = targets.length * features;
        if (start + features > inputs.length) {
          const grown = new Float32Array(inputs.length * 2);
          grown.set(inputs);
          inputs = grown;
        }
        const target = read?.(cells, inputs.subarray(start, start + features)) ?? Number.NaN;
        numbers.set(number, targets.length);
        targets.push(target);
      } catch (error) {
        throw atRow(path, number, error);
      }
    }
  }
  if (targets.length === 0) throw new UserError("data-malformed", `there are no samples in ${path}`);
  const all: Samples = {
    shape: [features],
    inputs,
    scale: 1,
    targets: format.classes ? Uint8Array.from(targets) : Float32Array.from(targets),
  };
  return {
    targets: all.targets,
    read: async (wanted) => pick(all, wanted),
    write: async (shards) => {
      const owners = new Map(shards.flatMap(({ numbers }, owner) => Array.from(numbers, (sample) => [sample, owner])));
      const name = basename(path).replace(/\.gz$/, "");
      const files = shards.map(({ folder }) => join(folder, name));
      await dealRows(path, files, ({ number }) => {
        const sample = numbers.get(number);
        return sample === undefined ? "everyone" : owners.get(sample);
      });
    },
  };
}

/** The samples with these numbers, of a table's. */
export function pick({ shape, inputs, scale, targets }: Samples, wanted: Uint32Array): Samples {
  const features = shape[0] ?? 0;
  const picked = new Float32Array(wanted.length * features);
  for (const [place, sample] of wanted.entries()) {
    picked.set(inputs.subarray(sample * features, (sample + 1) * features), place * features);
  }
  const chosen = Array.from(wanted, (sample) => targets[sample] ?? Number.NaN);
  return {
    shape,
    inputs: picked,
    scale,
    targets: targets instanceof Float32Array ? Float32Array.from(chosen) : Uint8Array.from(chosen),
  };
}

/**
 * The number in a cell.
 * @param missing what stands for a value that nobody has, besides nothing; such a cell is NaN
 * @throws RowFault naming the column
 */
export function numberIn(cells: readonly string[], column: number, name: string, missing?: string): number {
  const text = cells[column]?.trim() ?? "";
  if (missing !== undefined && (text === "" || text === missing)) return Number.NaN;
  const value = text === "" ? Number.NaN : Number(text);
  // What overflows single precision would be infinite for the model.
  if (Number.isFinite(Math.fround(value))) return value;
  throw new RowFault(`column ${name} is ${JSON.stringify(text)}, not a number`);
}

/** @throws RowFault */
export function requireWidth(cells: readonly string[], width: number): void {
  if (cells.length !== width) throw new RowFault(`it has ${cells.length} columns, not ${width}`);
}
