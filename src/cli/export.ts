import type { Command } from "commander";

import { type Checkpoint, describeModel, fetchModel, writeModel } from "../node/export.ts";
import { formatContentId } from "../weights/content-id.ts";
import { checkpoint, explainMissing, ROUND_HELP } from "./checkpoint.ts";
import { type ContractOptions, experimentId, withContract, withJson } from "./options.ts";
import { print, printJson } from "./output.ts";
import { resolveExperiment, withLedger } from "./session.ts";
import { type SourceOptions, withSource, withSourceStore } from "./source.ts";

interface ExportOptions extends ContractOptions, SourceOptions {
  readonly out: string;
  readonly round?: Checkpoint;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("export")
    .description("take the trained model home: files for tf.loadLayersModel, and safetensors")
    .argument("[experiment]", "number of the experiment; the newest one if left out", experimentId)
    .requiredOption("--out <dir>", "folder to write to")
    .option("--round <n|best|last>", ROUND_HELP, checkpoint);
  withJson(withSource(withContract(command)))
    .addHelpText("after", "\nExample:\n  colearn export 1 --out model")
    .action(exportModel);
}

async function exportModel(asked: bigint | undefined, options: ExportOptions): Promise<void> {
  const { out, round, peer: peers = [], fetchTimeout } = options;
  await withLedger(options, async (ledger) => {
    const experiment = await resolveExperiment(ledger, asked);
    await withSourceStore(options, async (store) => {
      const timeoutMilliseconds = fetchTimeout * 1000;
      const request = { ledger, experiment, store, peers, round, timeoutMilliseconds };
      const model = await fetchModel(request).catch(explainMissing);
      const files = await writeModel(out, model);
      if (options.json) {
        const { score = null } = model;
        printJson({ experiment, round: model.round, score, weights: formatContentId(model.contentId), out, files });
      } else {
        print(`Weights ${describeModel(model)}`, `Written to ${out}: ${files.join(", ")}`);
      }
    });
  });
}
