/** Images as grey bytes of one size, decoded by sharp (libvips). */
import { availableParallelism } from "node:os";

import type { default as SharpFunction, Sharp, SharpOptions } from "sharp";

import { ColearnError, UserError } from "../../errors.ts";

/** Above a chest X-ray of any detector; below it an image cannot make the decoder take much memory. */
const MAX_PIXELS = 1 << 26;
/** Images in the works at once: each may take its decoded size, for a moment. */
const PARALLEL = Math.min(4, availableParallelism());
/** Only these are decoded, whatever a file is called: the others take more of libvips into reach of a hostile file. */
const DECODERS = ["VipsForeignLoadJpeg", "VipsForeignLoadPng"];

type Decoder = (file: string, options: SharpOptions) => Sharp;

/** @throws UserError `sharp-missing` */
export async function loadDecoder(
  load: () => Promise<{ readonly default: typeof SharpFunction }> = () => import("sharp"),
): Promise<Decoder> {
  try {
    const { default: sharp } = await load();
    sharp.cache(false);
    sharp.block({ operation: ["VipsForeignLoad"] });
    sharp.unblock({ operation: DECODERS });
    return sharp;
  } catch (cause) {
    throw new UserError(
      "sharp-missing",
      "images are decoded by the package sharp, which is not installed or does not run",
      {
        cause,
        remedy: "npm install --include=optional sharp",
      },
    );
  }
}

/**
 * The images as bytes, side × side each, one after another in the order of the files: resized whatever their proportions,
 * with a cubic filter, then made grey. A few files are read at a time.
 * @throws UserError `data-malformed` naming the first file that is no image
 */
export async function decodeGrey(files: readonly string[], side: number, decoder: Decoder): Promise<Uint8Array> {
  const images = new Uint8Array(files.length * side * side);
  const failures = new Map<number, unknown>();
  let next = 0;
  const work = async (): Promise<void> => {
    // Files before a bad one are in other workers' hands already, so that the first bad one is found whoever is faster.
    while (next < files.length && failures.size === 0) {
      const place = next++;
      try {
        images.set(await decodeFile(files[place] ?? "", side, decoder), place * side * side);
      } catch (error) {
        failures.set(place, error);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  if (failures.size > 0) {
    const first = Math.min(...failures.keys());
    const cause = failures.get(first);
    const reason = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0] ?? "";
    throw new UserError("data-malformed", `${files[first] ?? ""} cannot be decoded: ${reason}`, {
      cause,
      remedy: "JPEG and PNG files are read, of 64 megapixels at most",
    });
  }
  return images;
}

async function decodeFile(file: string, side: number, decoder: Decoder): Promise<Uint8Array> {
  const image = decoder(file, { limitInputPixels: MAX_PIXELS, failOn: "error", sequentialRead: true, pages: 1 });
  const grey = image.resize(side, side, { fit: "fill", kernel: "cubic" }).removeAlpha().toColourspace("b-w");
  const { data } = await grey.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  if (data.length !== side * side) {
    throw new ColearnError("image-size", `${data.length} bytes were decoded instead of ${side * side}`);
  }
  return data;
}
