/**
 * CIFAR-10's binary version (https://www.cs.toronto.edu/~kriz/cifar.html): records of 3073 bytes, a label and then the red,
 * the green and the blue plane of a 32×32 image, each row-major.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { z } from "zod";

import { UserError } from "../../errors.ts";
import type { Samples } from "../../learning/samples.ts";
import { defineDataLoader, requireFolder, type DataPart, type DataSource, type ShardFolder } from "../data-loader.ts";
import { archivedFiles } from "./archive.ts";

const CLASSES = 10;
const SIDE = 32;
const CHANNELS = 3;
const PLANE = SIDE * SIDE;
const PIXELS = PLANE * CHANNELS;
const RECORD = 1 + PIXELS;
const RECORDS_A_BATCH = 10_000;
const ARCHIVE = "cifar-10-binary.tar.gz";
/** The folder in the archive. */
const INNER_FOLDER = "cifar-10-batches-bin";
/** More than five only where a shard is written that is larger than the whole set. */
const TRAIN_BATCH = /^data_batch_([1-9]\d{0,3})\.bin$/;
const TEST_BATCH = "test_batch.bin";

/** A batch file, in a folder or in the archive. */
interface Batch {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Reads batch files in order. Every reading goes through all of them, one in memory at a time. */
type Batches = () => AsyncGenerator<Batch>;

const source: DataSource = {
  files: [
    {
      name: ARCHIVE,
      url: `https://www.cs.toronto.edu/~kriz/${ARCHIVE}`,
      bytes: 170_052_171,
      sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    },
  ],
  byHand: `take "CIFAR-10 binary version" from https://www.cs.toronto.edu/~kriz/cifar.html; it need not be unpacked`,
};

export const cifarImages = defineDataLoader({
  name: "cifar10",
  description: "CIFAR-10's binary version, of a folder with its .bin files or with cifar-10-binary.tar.gz",
  params: z.object({}),
  source,
  sample: () => ({ shape: [SIDE, SIDE, CHANNELS], classes: CLASSES }),
  open: async (_params, folder, part) => {
    const batches = await findBatches(requireFolder(folder, source), part);
    const targets = await readLabels(batches);
    return {
      targets,
      read: (numbers) => readImages(batches, numbers),
      write: (shards) => writeShards(batches, shards),
    };
  },
});

async function findBatches(folder: string, part: DataPart): Promise<Batches> {
  const names = await list(folder);
  const inner = names.includes(INNER_FOLDER) ? await list(join(folder, INNER_FOLDER)) : [];
  for (const [place, found] of [
    [folder, names],
    [join(folder, INNER_FOLDER), inner],
  ] as const) {
    const wanted = batchNames(place, found, part);
    if (wanted.length > 0) return () => filesOf(wanted.map((name) => join(place, name)));
  }
  if (names.includes(ARCHIVE)) return () => filesOfArchive(join(folder, ARCHIVE), part);
  const missing = part === "train" ? "data_batch_1.bin" : TEST_BATCH;
  throw new UserError("data-missing", `there is neither ${missing} nor ${ARCHIVE} in ${folder}`, {
    remedy: "the binary version is needed, not the one for Python or Matlab",
  });
}

async function list(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: unknown) => {
    throw new UserError("data-missing", `the data folder ${folder} cannot be read`, { cause });
  });
}

/** The batches of a part, in order. A gap would leave samples out, and give each learner another shard than it has elsewhere. */
function batchNames(place: string, names: readonly string[], part: DataPart): string[] {
  if (part === "test") return names.filter((name) => name === TEST_BATCH);
  const numbers = names.flatMap((name) => TRAIN_BATCH.exec(name)?.[1] ?? []).map(Number);
  numbers.sort((a, b) => a - b);
  const gap = numbers.findIndex((number, index) => number !== index + 1);
  if (gap >= 0) {
    throw new UserError("data-missing", `there is no file data_batch_${gap + 1}.bin in ${place}, but a later one`);
  }
  return numbers.map((number) => `data_batch_${number}.bin`);
}

async function* filesOf(paths: readonly string[]): AsyncGenerator<Batch> {
  for (const path of paths) {
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw new UserError("data-missing", `${path} cannot be read`, { cause });
    });
    yield { path, bytes: checked(path, bytes) };
  }
}

async function* filesOfArchive(archive: string, part: DataPart): AsyncGenerator<Batch> {
  let found = 0;
  try {
    for await (const { name, bytes } of archivedFiles(archive)) {
      const file = basename(name);
      if (part === "train" ? !TRAIN_BATCH.test(file) : file !== TEST_BATCH) continue;
      found++;
      yield { path: `${file} of ${archive}`, bytes: checked(`${file} of ${archive}`, bytes) };
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("data-malformed", `${archive} is not whole: ${reason}`, { cause, remedy: "download it again" });
  }
  if (found === 0) throw new UserError("data-missing", `${archive} holds no batches of the binary version`);
}

/** Whole records with labels of classes. */
function checked(path: string, bytes: Buffer): Buffer {
  if (bytes.length === 0 || bytes.length % RECORD !== 0) {
    throw new UserError("data-malformed", `${path} has ${bytes.length} bytes, not whole records of ${RECORD}`, {
      remedy: "download it again",
    });
  }
  for (let at = 0; at < bytes.length; at += RECORD) {
    if ((bytes[at] ?? 0) >= CLASSES) {
      const record = at / RECORD;
      throw new UserError(
        "data-malformed",
        `record ${record} of ${path} has the label ${bytes[at]}, not one of 0 to 9`,
      );
    }
  }
  return bytes;
}

async function readLabels(batches: Batches): Promise<Uint8Array> {
  const labels: number[] = [];
  for await (const { bytes } of batches()) {
    for (let at = 0; at < bytes.length; at += RECORD) labels.push(bytes[at] ?? 0);
  }
  return Uint8Array.from(labels);
}

async function readImages(batches: Batches, numbers: Uint32Array): Promise<Samples> {
  const inputs = new Uint8Array(numbers.length * PIXELS);
  const targets = new Uint8Array(numbers.length);
  const placeOf = new Map<number, number>(Array.from(numbers, (number, place) => [number, place]));
  let read = 0;
  for await (const record of records(batches)) {
    const place = placeOf.get(record.number);
    if (place === undefined) continue;
    read++;
    targets[place] = record.bytes[0] ?? 0;
    const image = inputs.subarray(place * PIXELS, (place + 1) * PIXELS);
    for (let pixel = 0; pixel < PLANE; pixel++) {
      for (let channel = 0; channel < CHANNELS; channel++) {
        image[pixel * CHANNELS + channel] = record.bytes[1 + channel * PLANE + pixel] ?? 0;
      }
    }
  }
  if (read !== numbers.length) throw new UserError("data-malformed", "the CIFAR-10 files changed while they were read");
  return { shape: [SIDE, SIDE, CHANNELS], inputs, scale: 1 / 255, targets };
}

async function* records(batches: Batches): AsyncGenerator<{ readonly number: number; readonly bytes: Buffer }> {
  let number = 0;
  for await (const { bytes } of batches()) {
    for (let at = 0; at < bytes.length; at += RECORD) {
      yield { number: number++, bytes: bytes.subarray(at, at + RECORD) };
    }
  }
}

/** Each shard as training batches of 10 000 records, as they are. */
async function writeShards(batches: Batches, shards: readonly ShardFolder[]): Promise<void> {
  const places = new Map<number, { shard: Buffer; place: number }[]>();
  const contents = shards.map(({ numbers }) => {
    const shard = Buffer.alloc(numbers.length * RECORD);
    for (const [place, number] of numbers.entries()) {
      places.set(number, [...(places.get(number) ?? []), { shard, place }]);
    }
    return shard;
  });
  for await (const { number, bytes } of records(batches)) {
    for (const { shard, place } of places.get(number) ?? []) shard.set(bytes, place * RECORD);
  }
  for (const [index, { folder }] of shards.entries()) {
    const shard = contents[index] ?? Buffer.alloc(0);
    for (let start = 0, batch = 1; start < shard.length; start += RECORDS_A_BATCH * RECORD, batch++) {
      await writeFile(join(folder, `data_batch_${batch}.bin`), shard.subarray(start, start + RECORDS_A_BATCH * RECORD));
    }
  }
}
