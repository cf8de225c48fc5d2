/** Copies of images [N, H, W, C] onto another grid: padded, cropped, or spread out with zeros between. */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type * as tf from "@tensorflow/tfjs-core";
import { floats } from "./registry.ts";

interface Grid {
  readonly height: number;
  readonly width: number;
  /** Where row 0 and column 0 of the images go; negative crops. */
  readonly top: number;
  readonly left: number;
  /** Distance between what were neighbours; 1 by default. */
  readonly rowStep?: number;
  readonly columnStep?: number;
}

/** A new tensor [N, height, width, C] with the images at their place and zeros elsewhere. What falls outside is cut off. */
export function ontoGrid(backend: BackendWasm, images: tf.TensorInfo, grid: Grid): tf.TensorInfo {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const { rowStep = 1, columnStep = 1 } = grid;
  const out = backend.makeOutput([batch, grid.height, grid.width, channels], "float32");
  const source = floats(backend, images);
  const target = floats(backend, out);
  target.fill(0);
  // The columns that land inside, as [first, end).
  const first = Math.max(0, Math.ceil(-grid.left / columnStep));
  const end = Math.min(width, Math.ceil((grid.width - grid.left) / columnStep));
  if (first >= end) return out;
  // Neighbours that stay neighbours are copied together.
  const run = columnStep === 1 ? end - first : 1;
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < height; row++) {
      const targetRow = grid.top + row * rowStep;
      if (targetRow < 0 || targetRow >= grid.height) continue;
      for (let column = first; column < end; column += run) {
        const from = ((image * height + row) * width + column) * channels;
        const to = ((image * grid.height + targetRow) * grid.width + grid.left + column * columnStep) * channels;
        target.set(source.subarray(from, from + run * channels), to);
      }
    }
  }
  return out;
}

/** The images on just the grid that a convolution's filter goes over, padding included; its height and width. */
export function underFilter(backend: BackendWasm, images: tf.TensorInfo, info: tf.backend_util.Conv2DInfo) {
  const height = (info.outHeight - 1) * info.strideHeight + info.filterHeight;
  const width = (info.outWidth - 1) * info.strideWidth + info.filterWidth;
  const { top, left } = info.padInfo;
  return { height, width, padded: ontoGrid(backend, images, { height, width, top, left }) };
}
