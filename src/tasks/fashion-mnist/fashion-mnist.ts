import { existsSync } from "node:fs";

import { UserError } from "../../errors.ts";
import type { SourceFile } from "../data-loader.ts";
import { idxImages } from "../mnist/files.ts";
import { mnistCnn } from "../mnist/mnist.ts";
import { defineTask } from "../task.ts";

/** Where Debian's package dataset-fashion-mnist has the files. */
export const DEBIAN_FOLDER = "/usr/share/datasets/fashion-mnist";

const ADDRESS = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com";
const file = (name: string, bytes: number, sha256: string): SourceFile => ({
  ...{ name, url: `${ADDRESS}/${name}`, bytes, sha256 },
});

export const fashionImages = idxImages({
  name: "fashion-mnist",
  title: "Fashion-MNIST",
  description: "Zalando's images of clothes, of a folder's IDX files, or of Debian's package dataset-fashion-mnist",
  source: {
    files: [
      file(
        "train-images-idx3-ubyte.gz",
        26_421_880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
      ),
      file("train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
      file("t10k-images-idx3-ubyte.gz", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
      file("t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ],
    byHand:
      "on Debian install the package dataset-fashion-mnist; else take the four files that github.com/zalandoresearch/fashion-mnist names",
  },
  ownFolder: () => {
    if (existsSync(DEBIAN_FOLDER)) return DEBIAN_FOLDER;
    throw new UserError("data-missing", `Fashion-MNIST is not in ${DEBIAN_FOLDER}, and no other folder is named`, {
      remedy: "install Debian's package dataset-fashion-mnist, or name the folder with its IDX files by --data-dir",
    });
  },
});

/** The model of the task mnist, for which these images were made a harder replacement. */
export const fashionMnist = defineTask({
  name: "fashion-mnist",
  title: "Clothes",
  description: "Fashion-MNIST: 60 000 images of clothes, classified by the network of the task mnist",
  data: fashionImages,
  model: mnistCnn,
  metric: { name: "accuracy", direction: "maximise", tolerance: 0 },
  trainRatio: 0.9,
});
