import type { Command } from "commander";

import type { Done } from "../ledger/done.ts";
import type { Transactor } from "../ledger/transactor.ts";
import { type ContractOptions, experimentId, type KeyOptions, withContract, withJson, withKey } from "./options.ts";
import { print, printJson } from "./output.ts";
import { withTransactor } from "./session.ts";

interface TransactionOptions extends ContractOptions, KeyOptions {
  readonly json?: boolean;
}

export interface TransactionCommand {
  readonly name: string;
  readonly description: string;
  readonly example: string;
  readonly send: (transactor: Transactor, experiment: bigint) => Promise<Done>;
  /** What to tell a person when it is done. */
  readonly done: (experiment: bigint) => string;
  /** What to tell where it was done before. */
  readonly already: (experiment: bigint) => string;
}

/** Adds a command that is one transaction about one experiment. */
export function registerTransaction(program: Command, command: TransactionCommand): void {
  const { name, description, example, send, done, already } = command;
  const added = program
    .command(name)
    .description(description)
    .argument("<experiment>", "number of the experiment", experimentId);
  withJson(withKey(withContract(added)))
    .addHelpText("after", `\nExample:\n  ${example}`)
    .action(async (experiment: bigint, options: TransactionOptions) => {
      const { hash, isNew } = await withTransactor(options, (transactor) => send(transactor, experiment));
      if (options.json) printJson({ experiment, transaction: hash ?? null, already: !isNew });
      else print((isNew ? done : already)(experiment));
    });
}
