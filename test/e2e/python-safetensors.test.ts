/** Files written here, opened by the Python package `safetensors`, the format's reference implementation; and back. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import fc from "fast-check";

import { ColearnError } from "../../src/errors.ts";
import { decodeWeights, encodeWeights } from "../../src/weights/safetensors.ts";
import type { Weights } from "../../src/weights/weights.ts";
import { anyDamage, anyWeights, dense, expectSameWeights } from "../unit/weights/samples.ts";

const python = process.env.COLEARN_PYTHON ?? "python3";

/** Describes each file given, or says that it is refused, and writes it again beside itself as `.again`. */
const DESCRIBE = `
import json, sys
from safetensors import deserialize, safe_open
from safetensors.numpy import load_file, save_file

def describe(path):
    with open(path, "rb") as file:
        content = file.read()
    try:
        tensors = deserialize(content)
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
    except Exception as error:
        return {"refused": repr(error)}
    if "--again" in sys.argv:
        save_file(load_file(path), path + ".again", metadata=metadata or None)
    return {
        "tensors": {
            name: {"dtype": t["dtype"], "shape": list(t["shape"]), "bytes": bytes(t["data"]).hex()} for name, t in tensors
        },
        "metadata": metadata,
    }

json.dump([describe(path) for path in json.load(sys.stdin)], sys.stdout)
`;

interface Description {
  readonly refused?: string;
  readonly tensors?: Readonly<Record<string, { dtype: string; shape: readonly number[]; bytes: string }>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

function describeHere({ tensors, summary = {} }: Weights): Description {
  const entries = tensors.map(({ name, dtype, shape, data }) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex");
    return [name, { dtype, shape: [...shape], bytes }] as const;
  });
  const metadata = Object.entries(summary).map(([key, value]) => [key, String(value)] as const);
  return { tensors: Object.fromEntries(entries), metadata: Object.fromEntries(metadata) };
}

const byName = ({ tensors, summary }: Weights): Weights => ({
  tensors: [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1)),
  summary,
});

describe("The Python package safetensors", function () {
  this.timeout(120_000);
  let folder: string;

  before(function () {
    const probe = spawnSync(python, ["-c", "import numpy, safetensors"], { encoding: "utf8" });
    if (probe.status !== 0) {
      const reason = probe.error?.message ?? probe.stderr.trim().split("\n").at(-1) ?? "it failed";
      const message =
        `${python} cannot import safetensors and numpy (${reason}). Get them with "python3 -m venv .venv && ` +
        `.venv/bin/pip install safetensors numpy", and run again with COLEARN_PYTHON=.venv/bin/python`;
      if (process.env.CI === "true") throw new Error(message);
      process.stdout.write(`    skipped: ${message}\n`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "colearn-safetensors-"));
  });

  after(() => {
    // Undefined when Python is missing.
    if (folder as string | undefined) rmSync(folder, { recursive: true });
  });

  function write(contents: readonly Uint8Array[]): string[] {
    return contents.map((content, index) => {
      const path = join(folder, `${index}.safetensors`);
      writeFileSync(path, content);
      return path;
    });
  }

  function describeInPython(paths: readonly string[], ...options: string[]): Description[] {
    const output = execFileSync(python, ["-c", DESCRIBE, ...options], {
      input: JSON.stringify(paths),
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    return JSON.parse(output) as Description[];
  }

  it("opens files written here with equal names, types, shapes, values and summaries, and the other way round", () => {
    const samples = [dense, ...fc.sample(anyWeights, { numRuns: 200, seed: 1 })];
    const paths = write(samples.map(encodeWeights));
    const found = describeInPython(paths, "--again");
    samples.forEach((weights, index) => {
      expect(found[index], paths[index]).to.deep.equal(describeHere(weights));
      const again = decodeWeights(readFileSync(`${paths[index] ?? ""}.again`));
      expectSameWeights(byName(again), byName(weights));
    });
  });

  it("writes, for a network without metadata, the bytes that are written here in its order", () => {
    const [path = ""] = write([encodeWeights({ tensors: dense.tensors })]);
    describeInPython([path], "--again");
    const theirs = readFileSync(`${path}.again`);
    const ours = encodeWeights(decodeWeights(theirs));
    expect(Buffer.from(ours)).to.deep.equal(theirs);
  });

  it("opens every damaged file that is not refused here, with the same tensors", () => {
    const damaged = fc
      .sample(fc.tuple(anyWeights, anyDamage), { numRuns: 3000, seed: 2 })
      .map(([weights, damage]) => damage(encodeWeights(weights)));
    const taken = damaged.flatMap((content) => {
      try {
        return [{ content, weights: decodeWeights(content) }];
      } catch (error) {
        if (error instanceof ColearnError) return [];
        throw error;
      }
    });
    expect(taken.length).to.be.within(50, 2900);
    const found = describeInPython(write(taken.map(({ content }) => content)));
    taken.forEach(({ weights }, index) => {
      expect(found[index]?.refused, `file ${index}`).to.equal(undefined);
      expect(found[index]?.tensors, `file ${index}`).to.deep.equal(describeHere(weights).tensors);
    });
  });
});
