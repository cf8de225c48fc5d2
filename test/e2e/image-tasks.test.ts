import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { expect } from "chai";

import { reportSchema } from "../../src/report/report.ts";
import { encodeIdx } from "../../src/tasks/mnist/idx.ts";
import { generatedBatch } from "../unit/tasks/cifar10/generated.ts";
import { generatedXrays } from "../unit/tasks/xray/generated.ts";
import { colearn, temporaryFolder } from "./support/colearn.ts";

/** Generated files in the true formats: none of the real images is among them. */
const cases: readonly { task: string; params: readonly string[]; files?: () => Promise<Record<string, Uint8Array>> }[] =
  [
    { task: "mnist-diffpriv", params: ["--batch-size", "4"] },
    { task: "mnist-resnet", params: ["--batch-size", "4"] },
    {
      task: "fashion-mnist",
      params: ["--batch-size", "4"],
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
      params: ["--batch-size", "4"],
      files: async () => ({ "data_batch_1.bin": generatedBatch(80) }),
    },
    { task: "xray", params: ["--batch-size", "2", "--train-ratio", "0.4"], files: () => generatedXrays(20) },
  ];

describe("tasks of images on the ledger, with generated files where none are installed", function () {
  this.timeout(180_000);

  for (const { task, params, files } of cases) {
    it(`${task}: two rounds of two learners are proposed, voted on and settled`, async () => {
      await using folder = await temporaryFolder();
      const own = join(folder.path, "data");
      for (const [name, bytes] of Object.entries((await files?.()) ?? {})) {
        await mkdir(dirname(join(own, name)), { recursive: true });
        await writeFile(join(own, name), bytes);
      }
      const { code, stdout, stderr } = await colearn([
        ...["demo", "--task", task, "--learners", "2", "--rounds", "2", "--steps-per-proposal", "1", ...params],
        ...(files ? ["--data-dir", own] : []),
        ...["--backend", "wasm", "--json", "--out", join(folder.path, "run")],
      ]);
      expect(code, stderr).to.equal(0);
      const { rounds } = reportSchema.parse(JSON.parse(stdout));
      expect(rounds.map(({ status }) => status))
        .to.have.lengthOf(2)
        .and.not.include("skipped");
    });
  }
});
