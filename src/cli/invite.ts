import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Command } from "commander";
import { getAddress, isAddress } from "ethers";

import { UserError } from "../errors.ts";
import { signInvitation } from "../ledger/signed-invitation.ts";
import type { Invitation } from "./invitation.ts";
import { type ContractOptions, experimentId, type KeyOptions, withContract, withJson, withKey } from "./options.ts";
import { print, printJson, printJsonLine } from "./output.ts";
import { signingKey, withLedger, withTransactor } from "./session.ts";

interface InviteOptions extends ContractOptions, KeyOptions {
  readonly sign?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("invite")
    .description("let learners join an experiment that was created with --invited (its coordinator only)")
    .argument("<experiment>", "number of the experiment", experimentId)
    .argument("<address...>", "addresses of the learners")
    .option("--sign", "send no transaction: print signed invitations, a line of JSON each, to hand to the learners")
    .option("--out <dir>", "with --sign: write them into files there, one a learner");
  withJson(withKey(withContract(command)))
    .addHelpText(
      "after",
      "\nExample:\n  colearn invite 1 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --key coordinator.json",
    )
    .action(invite);
}

async function invite(experiment: bigint, given: string[], options: InviteOptions): Promise<void> {
  const addresses = given.map((address) => {
    if (isAddress(address)) return getAddress(address);
    throw new UserError("address", `${JSON.stringify(address)} is not an address`, {
      remedy: "give addresses of learners as 0x and 40 hex digits",
    });
  });
  const { sign = false, out } = options;
  if (out !== undefined && !sign) {
    throw new UserError("out", "--out is for signed invitations", { remedy: "add --sign, or leave it out" });
  }
  if (sign) return tell(await signInvitations(experiment, addresses, options), options);
  const { hash, isNew } = await withTransactor(options, (transactor) => transactor.invite(experiment, addresses));
  if (options.json) printJson({ experiment, invited: addresses, transaction: hash ?? null, already: !isNew });
  else
    print(
      `${isNew ? "Invited" : "Already invited:"} ${addresses.length} ${addresses.length === 1 ? "learner" : "learners"} to experiment ${experiment}.`,
    );
}

/** Needs no funds. What the contract would not take from its learner is refused here, where it can be mended. */
function signInvitations(experiment: bigint, learners: readonly string[], options: InviteOptions) {
  return withLedger(options, async (ledger): Promise<Invitation[]> => {
    const wallet = await signingKey(options, ledger.provider);
    const { coordinator, config } = await ledger.experiment(experiment);
    if (coordinator !== wallet.address) {
      throw new UserError("coordinator", `${wallet.address} is not the coordinator of experiment ${experiment}`, {
        remedy: `sign with the key of ${coordinator}`,
      });
    }
    if (config.admission === "open") {
      throw new UserError("admission", `experiment ${experiment} is open: nobody needs an invitation`, {
        remedy: "create one with --invited",
      });
    }
    if ((await ledger.snapshot(experiment)).status !== "enrolling") {
      throw new UserError("status", `experiment ${experiment} takes no signed invitations any more`, {
        remedy: "they end with the start",
      });
    }
    const domain = await ledger.domain();
    const signed = learners.map(async (learner) => ({
      experiment: Number(experiment),
      learner,
      invitation: await signInvitation(wallet, domain, experiment, learner),
    }));
    return Promise.all(signed);
  });
}

async function tell(invitations: readonly Invitation[], { out, json }: InviteOptions): Promise<void> {
  if (out === undefined) {
    for (const invitation of invitations) printJsonLine(invitation);
    return;
  }
  await mkdir(out, { recursive: true });
  for (const invitation of invitations) {
    const file = join(out, `invitation-${invitation.experiment}-${invitation.learner}.json`);
    await writeFile(file, `${JSON.stringify(invitation)}\n`);
    if (json) printJsonLine({ ...invitation, file });
    else print(file);
  }
}
