import type { Command } from "commander";

import { type ContractOptions, experimentId, type KeyOptions, withContract, withJson, withKey } from "./options.ts";
import { print, printJson } from "./output.ts";
import { withTransactor } from "./session.ts";

interface StartOptions extends ContractOptions, KeyOptions {
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("start")
    .description("open the first round before all places are taken (the coordinator; anyone after the enrolment)")
    .argument("<experiment>", "number of the experiment", experimentId);
  withJson(withKey(withContract(command)))
    .addHelpText("after", "\nExample:\n  colearn start 1 --dev-account 0")
    .action(start);
}

async function start(experiment: bigint, options: StartOptions): Promise<void> {
  const { hash } = await withTransactor(options, (transactor) => transactor.start(experiment));
  if (options.json) printJson({ experiment, transaction: hash });
  else print(`Experiment ${experiment} has started.`);
}
