import type { Command } from "commander";

import { audit, type Audit } from "../audit/audit.ts";
import { rules } from "../audit/rules.ts";
import { ColearnError } from "../errors.ts";
import { ContactBook } from "../node/contact.ts";
import { type ContractOptions, experimentId, withContract, withJson } from "./options.ts";
import { paint, print, printJson } from "./output.ts";
import { resolveExperiment, withLedger } from "./session.ts";
import { type SourceOptions, withSource, withSourceStore } from "./source.ts";

interface AuditOptions extends ContractOptions, SourceOptions {
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("audit")
    .description(
      "check an experiment's rounds and weights again, from chain and store alone; exit code 1 if a rule is broken",
    )
    .argument("[experiment]", "number of the experiment; the newest one if left out", experimentId);
  withJson(withSource(withContract(command)))
    .addHelpText("after", "\nExample:\n  colearn audit 1")
    .action(runAudit);
}

async function runAudit(asked: bigint | undefined, options: AuditOptions): Promise<void> {
  const result = await withLedger(options, async (ledger) => {
    const experiment = await resolveExperiment(ledger, asked);
    return withSourceStore(options, async (store) => {
      const contacts = new ContactBook(ledger, experiment, options.peer ?? []);
      const providers = await contacts.providers();
      return audit({ ledger, experiment, store, providers, timeoutMilliseconds: options.fetchTimeout * 1000 });
    });
  });
  if (options.json) printJson(result);
  else print(...describe(result));
  const [first] = result.violations;
  if (first) {
    throw new ColearnError("audit", `round ${first.round} breaks the rule "${first.rule}"`, {
      remedy: rules[first.rule],
    });
  }
}

function describe({ experiment, rounds, accepted, files, violations }: Audit): string[] {
  return [
    `Experiment ${experiment}: ${rounds} rounds ended, ${accepted} accepted, ${files} files of weights checked.`,
    ...violations.map(({ rule, round, detail }) => paint.red(`  round ${round}: ${rule}: ${detail}`)),
    violations.length === 0 ? paint.green("Every rule holds.") : `${violations.length} violations.`,
  ];
}
