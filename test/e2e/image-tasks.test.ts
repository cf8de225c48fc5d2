import { encodeIdx } from "../../src/tasks/mnist/idx.ts";
import { generatedBatch } from "../unit/tasks/cifar10/generated.ts";
import { generatedXrays } from "../unit/tasks/xray/generated.ts";
import { expectTwoRounds, type TaskCase } from "./support/task-on-ledger.ts";

/** Generated files in the true formats: none of the real images is among them. */
const cases: readonly TaskCase[] = [
  { task: "mnist-diffpriv", params: ["--steps-per-proposal", "1", "--batch-size", "4"] },
  { task: "mnist-resnet", params: ["--steps-per-proposal", "1", "--batch-size", "4"] },
  {
    task: "fashion-mnist",
    params: ["--steps-per-proposal", "1", "--batch-size", "4"],
    files: async () => ({
      "train-images-idx3-ubyte": encodeIdx(
        [80, 28, 28],
        new Uint8Array(80 * 784).map((_, at) => at % 256),
      ),
      "train-labels-idx1-ubyte": encodeIdx(
        [80],
        new Uint8Array(80).map((_, at) => at % 10),
      ),
    }),
  },
  {
    task: "cifar10",
    params: ["--steps-per-proposal", "1", "--batch-size", "4"],
    files: async () => ({ "data_batch_1.bin": generatedBatch(80) }),
  },
  {
    task: "xray",
    params: ["--steps-per-proposal", "1", "--batch-size", "2", "--train-ratio", "0.4"],
    files: () => generatedXrays(20),
  },
];

describe("tasks of images on the ledger, with generated files where none are installed", function () {
  this.timeout(180_000);

  for (const one of cases) {
    it(`${one.task}: two rounds of two learners are proposed, voted on and settled`, () => expectTwoRounds(one));
  }
});
