import type { Command } from "commander";

import { ColearnError, UserError } from "../errors.ts";
import { describeModel, fetchModel, writeModel } from "../node/export.ts";
import { formatContentId } from "../weights/content-id.ts";
import { type ContractOptions, experimentId, integer, withContract, withJson } from "./options.ts";
import { print, printJson } from "./output.ts";
import { resolveExperiment, withLedger } from "./session.ts";
import { type SourceOptions, withSource, withSourceStore } from "./source.ts";

interface ExportOptions extends ContractOptions, SourceOptions {
  readonly out: string;
  readonly round?: number;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("export")
    .description("take the trained model home: files for tf.loadLayersModel, and safetensors")
    .argument("[experiment]", "number of the experiment; the newest one if left out", experimentId)
    .requiredOption("--out <dir>", "folder to write to")
    .option("--round <n>", "weights proposed in this round (default: the current weights)", integer(0));
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
        printJson({ experiment, round: model.round, weights: formatContentId(model.contentId), out, files });
      } else {
        print(`Weights ${describeModel(model)}`, `Written to ${out}: ${files.join(", ")}`);
      }
    });
  });
}

function explainMissing(error: unknown): never {
  if (!(error instanceof ColearnError) || error.code !== "not-found") throw error;
  throw new UserError("not-found", `no learner's node gives the model: ${error.message}`, {
    remedy: "let one of the nodes run, or name a node's folder with --home",
    cause: error,
  });
}
