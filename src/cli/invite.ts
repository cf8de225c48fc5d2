import type { Command } from "commander";
import { isAddress } from "ethers";

import { UserError } from "../errors.ts";
import { type ContractOptions, experimentId, type KeyOptions, withContract, withJson, withKey } from "./options.ts";
import { print, printJson } from "./output.ts";
import { withTransactor } from "./session.ts";

interface InviteOptions extends ContractOptions, KeyOptions {
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("invite")
    .description("let learners join an experiment that was created with --invited (its coordinator only)")
    .argument("<experiment>", "number of the experiment", experimentId)
    .argument("<address...>", "addresses of the learners");
  withJson(withKey(withContract(command)))
    .addHelpText(
      "after",
      "\nExample:\n  colearn invite 1 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --key coordinator.json",
    )
    .action(invite);
}

async function invite(experiment: bigint, addresses: string[], options: InviteOptions): Promise<void> {
  for (const address of addresses) {
    if (!isAddress(address)) {
      throw new UserError("address", `${JSON.stringify(address)} is not an address`, {
        remedy: "give addresses of learners as 0x and 40 hex digits",
      });
    }
  }
  const { hash } = await withTransactor(options, (transactor) => transactor.invite(experiment, addresses));
  if (options.json) printJson({ experiment, invited: addresses, transaction: hash });
  else
    print(
      `Invited ${addresses.length} ${addresses.length === 1 ? "learner" : "learners"} to experiment ${experiment}.`,
    );
}
