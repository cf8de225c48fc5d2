/**
 * Chest X-rays in folders by diagnosis, as Kaggle's "Chest X-Ray Images (Pneumonia)" has them: `NORMAL` and `PNEUMONIA`, of
 * one's own or within `train` and `test`.
 */
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { basename, extname, join, relative, sep } from "node:path";

import { z } from "zod";

import { UserError } from "../../errors.ts";
import type { Samples } from "../../learning/samples.ts";
import { defineDataLoader, requireFolder, type DataPart, type DataSource, type ShardFolder } from "../data-loader.ts";
import { decodeGrey, loadDecoder } from "./decode.ts";

/** Their places are the classes. */
const DIAGNOSES = ["NORMAL", "PNEUMONIA"] as const;
const EXTENSIONS: readonly string[] = [".jpeg", ".jpg", ".png"];
/** Of the images that the model is given, in pixels. */
const SIDE = 128;

interface Case {
  readonly path: string;
  readonly diagnosis: number;
}

const source: DataSource = {
  files: [],
  byHand:
    "download kaggle.com/datasets/paultimothymooney/chest-xray-pneumonia with an account there, and name the unpacked folder with train and test in it",
};

export const xrayImages = defineDataLoader({
  name: "xray",
  description: "chest X-rays as JPEG or PNG, in a folder's subfolders NORMAL and PNEUMONIA",
  params: z.object({}),
  source,
  sample: () => ({ shape: [SIDE, SIDE, 1], classes: DIAGNOSES.length }),
  open: async (_params, folder, part) => {
    const cases = await findCases(requireFolder(folder, source), part);
    return {
      targets: Uint8Array.from(cases, ({ diagnosis }) => diagnosis),
      read: (numbers) => readCases(cases, numbers),
      write: (shards) => writeShards(cases, shards),
    };
  },
});

/** All cases, sorted by their paths within the folder, so that they have the same numbers on every machine. */
async function findCases(folder: string, part: DataPart): Promise<readonly Case[]> {
  const names = await list(folder);
  const place = names.includes(part) ? join(folder, part) : folder;
  const inside = place === folder ? names : await list(place);
  const cases: Case[] = [];
  for (const [diagnosis, name] of DIAGNOSES.entries()) {
    if (!inside.includes(name)) {
      throw new UserError("data-missing", `there is no folder ${name} in ${place}`, {
        remedy: "X-rays are in the subfolders NORMAL and PNEUMONIA, or in those of train and of test",
      });
    }
    const paths = await imagesIn(join(place, name));
    if (paths.length === 0) {
      throw new UserError("data-missing", `there is no JPEG or PNG file in ${join(place, name)}`);
    }
    cases.push(...paths.map((path) => ({ path, diagnosis })));
  }
  return cases;
}

async function list(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: unknown) => {
    throw new UserError("data-missing", `the data folder ${folder} cannot be read`, { cause });
  });
}

async function imagesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    // A name with a dot before it belongs to a system, such as the ._ files that macOS adds to archives.
    .filter(({ name }) => !name.startsWith(".") && EXTENSIONS.includes(extname(name).toLowerCase()))
    .map(({ parentPath, name }) => join(parentPath, name));
  const key = (path: string): string => relative(folder, path).split(sep).join("/");
  return paths.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Decodes in the order of the folder, so that the bad file which is named is the first one there. */
async function readCases(cases: readonly Case[], numbers: Uint32Array): Promise<Samples> {
  const places = Uint32Array.from(numbers.keys()).sort((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0));
  const wanted = Array.from(places, (place) => cases[numbers[place] ?? 0]);
  const decoded = await decodeGrey(
    wanted.map((wantedCase) => wantedCase?.path ?? ""),
    SIDE,
    await loadDecoder(),
  );
  const size = SIDE * SIDE;
  const inputs = new Uint8Array(decoded.length);
  const targets = new Uint8Array(numbers.length);
  for (const [from, to] of places.entries()) {
    inputs.set(decoded.subarray(from * size, (from + 1) * size), to * size);
    targets[to] = wanted[from]?.diagnosis ?? 0;
  }
  return { shape: [SIDE, SIDE, 1], inputs, scale: 1 / 255, targets };
}

/** The files as they are, with their number before the name: two of a set may have the same one. */
async function writeShards(cases: readonly Case[], shards: readonly ShardFolder[]): Promise<void> {
  for (const { folder, numbers } of shards) {
    for (const name of DIAGNOSES) await mkdir(join(folder, name));
    for (const number of numbers) {
      const { path = "", diagnosis = 0 } = cases[number] ?? {};
      await copyFile(path, join(folder, DIAGNOSES[diagnosis] ?? "", `${number}-${basename(path)}`));
    }
  }
}
