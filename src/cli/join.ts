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
    const contact = encodeContact(options.announce ?? []);
    const before = await ledger.learner(experiment, transactor.address);
    const isBack = before.index !== undefined && !before.active;
    const { hash, isNew } = isBack
      ? await transactor.resume(experiment)
      : await transactor.join(experiment, contact, { link, invitation });
    // The first joining's contact would stay.
    if ((isBack || !isNew) && options.announce !== undefined) await transactor.updateContact(experiment, contact);
    const { index } = await ledger.snapshot(experiment, transactor.address);
    if (options.json) {
      const done = { transaction: hash ?? null, already: !isNew, resumed: isBack && isNew };
      printJson({ experiment, learner: transactor.address, index, ...done });
    } else {
      const how = !isNew ? " already" : isBack ? " again: it had left or was suspended" : "";
      print(`${transactor.address} is learner ${index} of experiment ${experiment}${how}.`);
    }
  });
}
