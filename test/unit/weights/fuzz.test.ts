import { expect } from "chai";
import fc from "fast-check";

import { ColearnError } from "../../../src/errors.ts";
import { WeightsError } from "../../../src/weights/errors.ts";
import { parseManifest } from "../../../src/weights/manifest.ts";
import { decodeWeights, encodeWeights } from "../../../src/weights/safetensors.ts";
import { parseProposal, specOf } from "../../../src/weights/spec.ts";
import { readWeights } from "../../../src/weights/stream.ts";
import type { Weights } from "../../../src/weights/weights.ts";
import { anyDamage, anyWeights, chunksOf, dense, expectSameWeights } from "./samples.ts";

function attempt<T>(work: () => T): T | ColearnError {
  try {
    return work();
  } catch (error) {
    if (error instanceof ColearnError) return error;
    throw new Error("something other than a ColearnError was thrown", { cause: error });
  }
}

/** Bytes of memory that weights hold, each buffer once. */
function memoryOf({ tensors }: Weights): number {
  const buffers = new Set(tensors.map(({ data }) => data.buffer));
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

describe("Damaged files", function () {
  this.timeout(60_000);

  it("are either refused or hold weights that take no more than themselves and their unaligned tensors", () => {
    let refused = 0;
    const outcome = fc.property(anyWeights, anyDamage, (weights, damage) => {
      const damaged = damage(encodeWeights(weights));
      const result = attempt(() => decodeWeights(damaged));
      if (result instanceof ColearnError) {
        expect(result).to.be.instanceOf(WeightsError);
        refused += 1;
      } else {
        expect(memoryOf(result)).to.be.at.most(2 * damaged.length);
        expectSameWeights(decodeWeights(encodeWeights(result)), result);
      }
    });
    fc.assert(outcome, { numRuns: 3000 });
    expect(refused).to.be.above(300);
  });

  it("become exactly the spec's tensors or nothing, whole or from a stream", async () => {
    const spec = specOf(dense);
    const file = encodeWeights(dense);
    await fc.assert(
      fc.asyncProperty(anyDamage, async (damage) => {
        const damaged = damage(file);
        const whole = attempt(() => parseProposal(damaged, spec));
        const streamed = await readWeights(chunksOf(damaged, 64), { spec }).catch((error: unknown) => error);
        if (whole instanceof ColearnError) {
          expect(streamed).to.be.instanceOf(WeightsError);
        } else {
          expect(specOf(whole).tensors).to.deep.equal(spec.tensors);
          expectSameWeights(streamed as Weights, whole);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("are refused when they are random bytes, as weights and as a manifest", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(attempt(() => parseProposal(bytes, specOf(dense)))).to.be.instanceOf(WeightsError);
        expect(attempt(() => parseManifest(bytes))).to.have.property("code", "manifest");
      }),
    );
  });
});
