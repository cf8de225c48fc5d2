import type { Command } from "commander";

import { encodeContact } from "../node/contact.ts";
import { linkToJoin, Secrets, secretScope } from "../node/secrets.ts";
import { readInvitation } from "./invitation.ts";
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
  readonly invitation?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("join")
    .description("join an experiment now and run the node later (a node joins by itself)")
    .argument("<experiment>", "number of the experiment", experimentId)
    .option("--announce <multiaddr>", "where the node will be reached; may be repeated", collect)
    .option("--invitation <file|hex>", "the coordinator's signed invitation");
  withJson(withKey(withContract(command)))
    .addHelpText("after", "\nExample:\n  colearn join 1 --dev-account 2")
    .action(join);
}

async function join(experiment: bigint, options: JoinOptions): Promise<void> {
  await withTransactor(options, async (transactor, wallet) => {
    const { ledger } = transactor;
    const invitation = await readInvitation(options.invitation, experiment, transactor.address);
    const { config } = await ledger.experiment(experiment);
    const link = linkToJoin(config, new Secrets(wallet, await secretScope(ledger, experiment)));
    const { hash } = await transactor.join(experiment, encodeContact(options.announce ?? []), { link, invitation });
    const { index } = await ledger.snapshot(experiment, transactor.address);
    if (options.json) printJson({ experiment, learner: transactor.address, index, transaction: hash });
    else print(`${transactor.address} is learner ${index} of experiment ${experiment}.`);
  });
}
