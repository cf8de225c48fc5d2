import { type Command, Option } from "commander";

import { audit, lineages, type AuditRequest } from "../audit/audit.ts";
import { rules } from "../audit/rules.ts";
import { ColearnError } from "../errors.ts";
import { ContactBook } from "../node/contact.ts";
import { asJson, asText } from "./audit/table.ts";
import { type DataOptions, hasData, startLearner, withData } from "./data.ts";
import { type ContractOptions, experimentId, withContract, withJson } from "./options.ts";
import { print, printJson, progress, progressDone } from "./output.ts";
import { resolveExperiment, withLedger } from "./session.ts";
import { type SourceOptions, withSource, withSourceStore } from "./source.ts";

interface AuditOptions extends ContractOptions, SourceOptions, DataOptions {
  readonly lineage: AuditRequest["lineage"];
  readonly offline?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("audit")
    .description(
      "check an experiment's rounds and weights again, from chain and store alone; exit code 1 if a rule is broken",
    )
    .argument("[experiment]", "number of the experiment; the newest one if left out", experimentId)
    .addOption(
      new Option(
        "--lineage <which>",
        "whose weights must be there: of all accepted rounds, the current ones, or none: the ledger alone",
      )
        .choices(lineages)
        .default("accepted"),
    )
    .option("--offline", "take files from the store alone, and ask no learner's node");
  withJson(withData(withSource(withContract(command))))
    .addHelpText(
      "after",
      "\nWith --data-dir or --shard, each accepted model is scored on these data too.\n\nExamples:\n  colearn audit 1\n  colearn audit 1 --home node0 --offline\n  colearn audit 1 --shard 0/3",
    )
    .action(runAudit);
}

async function runAudit(asked: bigint | undefined, options: AuditOptions): Promise<void> {
  const result = await withLedger(options, async (ledger) => {
    const experiment = await resolveExperiment(ledger, asked);
    return withSourceStore(options, async (store) => {
      const contacts = new ContactBook(ledger, experiment, options.peer ?? []);
      return audit({
        ledger,
        experiment,
        store,
        providers: options.offline ? [] : await contacts.providers(),
        timeoutMilliseconds: options.fetchTimeout * 1000,
        lineage: options.lineage,
        createScorer: hasData(options) ? (manifest) => startLearner(options, manifest) : undefined,
        onProgress: progress,
      });
    });
  }).finally(progressDone);
  if (options.json) printJson(asJson(result));
  else print(...asText(result));
  const [first] = result.violations;
  if (first) {
    throw new ColearnError("audit", `round ${first.round} breaks the rule "${first.rule}": ${first.detail}`, {
      remedy: rules[first.rule],
    });
  }
}
