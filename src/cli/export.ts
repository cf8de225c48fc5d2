import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Command } from "commander";

import { ColearnError, UserError } from "../errors.ts";
import { describeModel, fetchModel, writeModel } from "../node/export.ts";
import { openStore } from "../node/open-store.ts";
import { formatContentId } from "../weights/content-id.ts";
import { collect, type ContractOptions, experimentId, integer, withContract, withJson } from "./options.ts";
import { print, printJson } from "./output.ts";
import { resolveExperiment, withLedger } from "./session.ts";

interface ExportOptions extends ContractOptions {
  readonly out: string;
  readonly round?: number;
  readonly home?: string;
  readonly kubo?: string;
  readonly peer?: string[];
  readonly fetchTimeout: number;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("export")
    .description("take the trained model home: files for tf.loadLayersModel, and safetensors")
    .argument("[experiment]", "number of the experiment; the newest one if left out", experimentId)
    .requiredOption("--out <dir>", "folder to write to")
    .option("--round <n>", "weights proposed in this round (default: the current weights)", integer(0))
    .option("--home <dir>", "take them from this node's folder (while it does not run)")
    .option("--kubo <url>", "take them from the Kubo daemon with this RPC address")
    .option("--peer <multiaddr>", "a peer to fetch from beyond those on the ledger; may be repeated", collect)
    .option("--fetch-timeout <seconds>", "give up a fetch that stands still this long", integer(1, 3600), 30);
  withJson(withContract(command))
    .addHelpText("after", "\nExample:\n  colearn export 1 --out model")
    .action(exportModel);
}

async function exportModel(asked: bigint | undefined, options: ExportOptions): Promise<void> {
  await withLedger(options, async (ledger) => {
    const experiment = await resolveExperiment(ledger, asked);
    // Without a store of one's own, the learners' nodes are asked, through a store that is thrown away.
    const temporary = options.home ?? (await mkdtemp(join(tmpdir(), "colearn-export-")));
    try {
      const store = await openStore({ home: temporary, kubo: options.kubo });
      try {
        const model = await fetchModel({
          ledger,
          experiment,
          store,
          peers: options.peer ?? [],
          round: options.round,
          timeoutMilliseconds: options.fetchTimeout * 1000,
        });
        const files = await writeModel(options.out, model);
        const { contentId, round } = model;
        if (options.json)
          printJson({ experiment, round, weights: formatContentId(contentId), out: options.out, files });
        else print(`Weights ${describeModel(model)}`, `Written to ${options.out}: ${files.join(", ")}`);
      } catch (error) {
        if (!(error instanceof ColearnError) || error.code !== "not-found") throw error;
        throw new UserError("not-found", `no learner's node gives the model: ${error.message}`, {
          remedy: "let one of the nodes run, or name a node's folder with --home",
          cause: error,
        });
      } finally {
        await store.stop();
      }
    } finally {
      if (options.home === undefined) await rm(temporary, { recursive: true, force: true });
    }
  });
}
