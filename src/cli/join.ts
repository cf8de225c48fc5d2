import type { Command } from "commander";

import { encodeContact } from "../node/contact.ts";
import {
  collect,
  type ContractOptions,
  experimentId,
  type KeyOptions,
  withContract,
  withJson,
  withKey,
} from "./options.ts";
import { print, printJson } from "./output.ts";
import { withTransactor } from "./session.ts";

interface JoinOptions extends ContractOptions, KeyOptions {
  readonly announce?: string[];
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("join")
    .description("join an experiment now and run the node later (a node joins by itself)")
    .argument("<experiment>", "number of the experiment", experimentId)
    .option("--announce <multiaddr>", "where the node will be reached; may be repeated", collect);
  withJson(withKey(withContract(command)))
    .addHelpText("after", "\nExample:\n  colearn join 1 --dev-account 2")
    .action(join);
}

async function join(experiment: bigint, options: JoinOptions): Promise<void> {
  await withTransactor(options, async (transactor) => {
    const { hash } = await transactor.join(experiment, encodeContact(options.announce ?? []));
    const { index } = await transactor.ledger.snapshot(experiment, transactor.address);
    if (options.json) printJson({ experiment, learner: transactor.address, index, transaction: hash });
    else print(`${transactor.address} is learner ${index} of experiment ${experiment}.`);
  });
}
