/**
 * Winograd's convolution of stride 1 for 3x3 and 5x5 filters and its gradient by the filter, on images [N, H, W, C].
 * Matrices and source: simd/winograd-matrices.ts.
 *
 * Tiles are taken a few images at a time, so that what is between the transforms and the products stays in the cache and
 * scratch memory stays small. Rounding differs from the direct sum's by up to 5e-6 of the largest value.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type * as tf from "@tensorflow/tfjs-core";
import { ontoGrid } from "./image-grid.ts";
import { address, bytesPerFloat, floats, run } from "./registry.ts";
import { routinesOf } from "./simd/routines.ts";

/** A convolution of stride 1 and dilation 1: x [batch, H, W, inChannels] to [batch, outHeight, outWidth, outChannels]. */
export interface Convolution {
  readonly batchSize: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
}

const patch = 6;
const products = patch * patch;
const tilesAtOnce = 64;

/** Whether the transforms apply (channels go in vectors of 4) and save enough multiplications to pay for themselves. */
export function suitsWinograd(conv: Convolution): boolean {
  const { filterHeight: r, filterWidth, inChannels, outChannels, outHeight, outWidth } = conv;
  if ((r !== 3 && r !== 5) || r !== filterWidth) return false;
  if (inChannels % 4 !== 0 || outChannels % 4 !== 0 || Math.min(inChannels, outChannels) < 16) return false;
  const m = 7 - r;
  const tiles = Math.ceil(outHeight / m) * Math.ceil(outWidth / m);
  return products * tiles <= 0.6 * r * r * outHeight * outWidth;
}

/** How the filter is read: as it lies, or turned by 180 degrees (its transposed form then computes the input gradient). */
type FilterTurn = "plain" | "turned";

/** out [batch, outHeight, outWidth, outChannels]; filter [r, r, inChannels, outChannels]. */
export function winogradConvolution(
  backend: BackendWasm,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  turn: FilterTurn,
  conv: Convolution,
): tf.TensorInfo {
  const plan = planOf(conv);
  const { winograd, gemm } = routinesOf(backend);
  const transforms = winograd[plan.r];
  const { inChannels, outChannels } = conv;
  const patches = patchesOf(backend, x, plan, conv);
  const filters = transformedFilter(backend, filter, turn, plan.r);
  const exact = conv.outHeight === plan.height && conv.outWidth === plan.width;
  const out = backend.makeOutput([conv.batchSize, plan.height, plan.width, outChannels], "float32");
  const inputs = backend.makeOutput([products, plan.tilesAtOnce, inChannels], "float32");
  const results = backend.makeOutput([products, plan.tilesAtOnce, outChannels], "float32");

  for (const { images, tiles } of plan.chunks) {
    transformRows(plan, images, (image, tileRow, tile) => {
      transforms.input(patchArguments(backend, patches, inputs, plan, image, tileRow, tile, tiles, inChannels));
    });
    gemm({
      ...{ batch: products, m: tiles, n: outChannels, k: inChannels, accumulate: 0 },
      ...{ a: address(backend, inputs), aRow: inChannels * bytesPerFloat, aColumn: bytesPerFloat },
      aBatch: tiles * inChannels * bytesPerFloat,
      ...{ b: address(backend, filters), bRow: outChannels * bytesPerFloat },
      bBatch: inChannels * outChannels * bytesPerFloat,
      ...{ c: address(backend, results), cRow: outChannels * bytesPerFloat },
      cBatch: tiles * outChannels * bytesPerFloat,
    });
    transformRows(plan, images, (image, tileRow, tile) => {
      const pixel = outChannels * bytesPerFloat;
      transforms.output({
        from: address(backend, results) + tile * pixel,
        fromRow: patch * tiles * pixel,
        fromColumn: tiles * pixel,
        fromGrid: pixel,
        to: address(backend, out) + (image * plan.height + tileRow * plan.m) * plan.width * pixel,
        toRow: plan.width * pixel,
        toColumn: pixel,
        toGrid: plan.m * pixel,
        grids: plan.tileColumns,
        channels: outChannels,
      });
    });
  }
  for (const scratch of [patches, filters, inputs, results]) backend.disposeData(scratch.dataId);
  if (exact) return out;
  const cropped = ontoGrid(backend, out, { height: conv.outHeight, width: conv.outWidth, top: 0, left: 0 });
  backend.disposeData(out.dataId);
  return cropped;
}

/** The gradient by the filter [r, r, inChannels, outChannels], from dy [batch, outHeight, outWidth, outChannels]. */
export function winogradFilterGradient(
  backend: BackendWasm,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  conv: Convolution,
): tf.TensorInfo {
  const plan = planOf(conv);
  const { winograd, gemm } = routinesOf(backend);
  const transforms = winograd[plan.r];
  const { inChannels, outChannels } = conv;
  const patches = patchesOf(backend, x, plan, conv);
  const gradients = ontoGrid(backend, dy, { height: plan.height, width: plan.width, top: 0, left: 0 });
  const inputs = backend.makeOutput([products, plan.tilesAtOnce, inChannels], "float32");
  const outputs = backend.makeOutput([products, plan.tilesAtOnce, outChannels], "float32");
  const sums = backend.makeOutput([products, inChannels, outChannels], "float32");
  const dFilter = backend.makeOutput([plan.r, plan.r, inChannels, outChannels], "float32");
  floats(backend, sums).fill(0);

  for (const { images, tiles } of plan.chunks) {
    transformRows(plan, images, (image, tileRow, tile) => {
      transforms.input(patchArguments(backend, patches, inputs, plan, image, tileRow, tile, tiles, inChannels));
      const pixel = outChannels * bytesPerFloat;
      transforms.outputGradient({
        from: address(backend, gradients) + (image * plan.height + tileRow * plan.m) * plan.width * pixel,
        fromRow: plan.width * pixel,
        fromColumn: pixel,
        fromGrid: plan.m * pixel,
        to: address(backend, outputs) + tile * pixel,
        toRow: patch * tiles * pixel,
        toColumn: tiles * pixel,
        toGrid: pixel,
        grids: plan.tileColumns,
        channels: outChannels,
      });
    });
    gemm({
      ...{ batch: products, m: inChannels, n: outChannels, k: tiles, accumulate: 1 },
      ...{ a: address(backend, inputs), aRow: bytesPerFloat, aColumn: inChannels * bytesPerFloat },
      aBatch: tiles * inChannels * bytesPerFloat,
      ...{ b: address(backend, outputs), bRow: outChannels * bytesPerFloat },
      bBatch: tiles * outChannels * bytesPerFloat,
      ...{ c: address(backend, sums), cRow: outChannels * bytesPerFloat },
      cBatch: inChannels * outChannels * bytesPerFloat,
    });
  }
  const plane = inChannels * outChannels;
  transforms.filterGradient({
    ...{ from: address(backend, sums), fromRow: patch * plane * bytesPerFloat, fromColumn: plane * bytesPerFloat },
    ...{ to: address(backend, dFilter), toRow: plan.r * plane * bytesPerFloat, toColumn: plane * bytesPerFloat },
    ...{ fromGrid: 0, toGrid: 0, grids: 1, channels: plane },
  });
  for (const scratch of [patches, gradients, inputs, outputs, sums]) backend.disposeData(scratch.dataId);
  return dFilter;
}

interface Plan {
  readonly r: 3 | 5;
  /** A tile's side in the output. */
  readonly m: number;
  readonly tileRows: number;
  readonly tileColumns: number;
  /** The output's size in whole tiles. */
  readonly height: number;
  readonly width: number;
  readonly tilesAtOnce: number;
  readonly chunks: readonly { readonly images: readonly number[]; readonly tiles: number }[];
}

function planOf(conv: Convolution): Plan {
  const r = conv.filterHeight === 3 ? 3 : 5;
  const m = 7 - r;
  const tileRows = Math.ceil(conv.outHeight / m);
  const tileColumns = Math.ceil(conv.outWidth / m);
  const perImage = tileRows * tileColumns;
  const imagesAtOnce = Math.min(conv.batchSize, Math.max(1, Math.floor(tilesAtOnce / perImage)));
  const chunks = Array.from({ length: Math.ceil(conv.batchSize / imagesAtOnce) }, (_, chunk) => {
    const first = chunk * imagesAtOnce;
    const count = Math.min(imagesAtOnce, conv.batchSize - first);
    return { images: Array.from({ length: count }, (_, index) => first + index), tiles: count * perImage };
  });
  const size = { height: tileRows * m, width: tileColumns * m, tilesAtOnce: imagesAtOnce * perImage };
  return { r, m, tileRows, tileColumns, ...size, chunks };
}

/** Calls `transform` for every row of tiles of these images, with the number of its first tile within the chunk. */
function transformRows(
  plan: Plan,
  images: readonly number[],
  transform: (image: number, tileRow: number, tile: number) => void,
): void {
  let tile = 0;
  for (const image of images) {
    for (let tileRow = 0; tileRow < plan.tileRows; tileRow++, tile += plan.tileColumns) transform(image, tileRow, tile);
  }
}

/** The input, padded so that every tile's patch lies inside. */
function patchesOf(backend: BackendWasm, x: tf.TensorInfo, plan: Plan, conv: Convolution): tf.TensorInfo {
  const overlap = plan.r - 1;
  const grid = { height: plan.height + overlap, width: plan.width + overlap, top: conv.padTop, left: conv.padLeft };
  return ontoGrid(backend, x, grid);
}

function patchArguments(
  backend: BackendWasm,
  patches: tf.TensorInfo,
  to: tf.TensorInfo,
  plan: Plan,
  image: number,
  tileRow: number,
  tile: number,
  tiles: number,
  channels: number,
) {
  const pixel = channels * bytesPerFloat;
  const width = plan.width + plan.r - 1;
  return {
    from: address(backend, patches) + (image * (plan.height + plan.r - 1) + tileRow * plan.m) * width * pixel,
    fromRow: width * pixel,
    fromColumn: pixel,
    fromGrid: plan.m * pixel,
    to: address(backend, to) + tile * pixel,
    toRow: patch * tiles * pixel,
    toColumn: tiles * pixel,
    toGrid: pixel,
    grids: plan.tileColumns,
    channels,
  };
}

/** [36, inChannels, outChannels] from [r, r, inChannels, outChannels], or from its turned and transposed form. */
function transformedFilter(backend: BackendWasm, filter: tf.TensorInfo, turn: FilterTurn, r: 3 | 5): tf.TensorInfo {
  const turned = turn === "turned";
  const source = turned ? run(backend, "Transpose", { x: filter }, { perm: [0, 1, 3, 2] }) : filter;
  const [, , rows = 0, columns = 0] = source.shape;
  const plane = rows * columns * bytesPerFloat;
  const out = backend.makeOutput([products, rows, columns], "float32");
  // Turned by 180 degrees: from the last tap backwards.
  const direction = turned ? -1 : 1;
  routinesOf(backend).winograd[r].filter({
    from: address(backend, source) + (turned ? (r * r - 1) * plane : 0),
    fromRow: direction * r * plane,
    fromColumn: direction * plane,
    to: address(backend, out),
    toRow: patch * plane,
    toColumn: plane,
    ...{ fromGrid: 0, toGrid: 0, grids: 1, channels: rows * columns },
  });
  if (turned) backend.disposeData(source.dataId);
  return out;
}
