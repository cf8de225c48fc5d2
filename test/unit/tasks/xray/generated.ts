/** Generated images in folders as X-rays are, for tests: none of the real images is among them. */
import sharp from "sharp";

import { randomFrom } from "../../../../src/learning/random.ts";

/** Noise, and for a pneumonia a bright spot in it. */
export async function generatedXray(
  number: number,
  diagnosis: "NORMAL" | "PNEUMONIA",
  format: "jpeg" | "png" = "jpeg",
): Promise<Buffer> {
  const [width, height] = [150 + (number % 3) * 10, 140];
  const random = randomFrom("x-ray", number);
  const bytes = Uint8Array.from({ length: width * height }, (_, index) => {
    const [x, y] = [index % width, Math.floor(index / width)];
    const inside = (x - width / 2) ** 2 + (y - height / 2) ** 2 < 900;
    return diagnosis === "PNEUMONIA" && inside ? 240 : 60 + random.below(60);
  });
  return sharp(bytes, { raw: { width, height, channels: 1 } })
    .toFormat(format)
    .toBuffer();
}

/** As many files of each diagnosis, by their paths. */
export async function generatedXrays(each: number): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (let number = 0; number < each; number++) {
    files[`NORMAL/IM-${String(number).padStart(4, "0")}.jpeg`] = await generatedXray(number, "NORMAL");
    files[`PNEUMONIA/person${number}_bacteria.jpeg`] = await generatedXray(each + number, "PNEUMONIA");
  }
  return files;
}
