import { type Command, InvalidArgumentError } from "commander";

import { typed } from "./config/value-type.ts";
import { address, experimentId, integer, withContract, withJson, withKey } from "./options.ts";
import { openTerms } from "./stakes/open.ts";
import { claim, refund, stake, unstake, withdraw } from "./stakes/pay.ts";
import { status } from "./stakes/status.ts";

/** An amount in the token's units: how fine it may be is the token's to say. */
const AMOUNT = /^\d{1,40}(\.\d{1,77})?$/;

const amount = typed({ type: "string", pattern: AMOUNT.source }, (text: string): string => {
  if (!AMOUNT.test(text)) throw new InvalidArgumentError("It must be an amount in the token's units, as 10 or 0.5.");
  return text;
});

export function register(program: Command): void {
  const stakes = program
    .command("stakes")
    .description("stake a token on an experiment, and be paid: for experiments created with --stakes");
  const signed = (name: string, description: string, example: string) =>
    withJson(withKey(withContract(stakes.command(name).description(description))))
      .argument("<experiment>", "number of the experiment", experimentId)
      .addHelpText("after", `\nExample:\n  colearn stakes ${example}`);

  withUnknownCode(signed("open", "fix the terms and pay the rewards of all rounds (its coordinator only)", OPEN))
    .requiredOption("--token <address>", "the ERC-20 in which all is paid", address)
    .requiredOption("--stake <amount>", "what each learner stakes before it joins; 0 for none", amount)
    .requiredOption("--penalty <amount>", "what a suspension takes from a stake, until nothing is left", amount)
    .requiredOption("--proposal-reward <amount>", "for the proposer of an accepted proposal", amount)
    .requiredOption("--vote-reward <amount>", "shared by a round's voters who voted with its outcome", amount)
    .action(openTerms);
  withUnknownCode(signed("stake", "pay a learner's stake, before it joins", "stake 1 --key learner-1"))
    .option("--for <address>", "the learner whose stake it will be (default: the key's own)", address)
    .action(stake);
  signed("unstake", "take the stake back, before joining", "unstake 1 --key learner-1").action(unstake);
  withThrough(withLearner(signed("claim", "pay a learner its rewards so far", "claim 1 --key learner-1"))).action(
    claim,
  );
  withLearner(
    signed("withdraw", "pay a learner what is left of its stake, after the end", "withdraw 1 --key learner-1"),
  ).action(withdraw);
  withThrough(signed("refund", "pay the sponsor what nobody earned, and penalties, after the end", REFUND)).action(
    refund,
  );

  withJson(withContract(stakes.command("status").description("show terms, stakes, and what each can claim now")))
    .argument("[experiment]", "number of the experiment; the newest one if left out", experimentId)
    .addHelpText("after", "\nExample:\n  colearn stakes status 1 --json")
    .action(status);
}

const OPEN = "open 1 --token 0x… --stake 100 --penalty 20 --proposal-reward 5 --vote-reward 3 --key coordinator";
const REFUND = "refund 1 --key coordinator";

function withLearner(command: Command): Command {
  return command.option("--learner <address>", "whose (default: the key's own); it is paid to nobody else", address);
}

function withThrough(command: Command): Command {
  return command.option(
    "--through <round>",
    "up to this round (default: the last settled one, at most 1000 rounds at once)",
    integer(1, 2 ** 32 - 1),
  );
}

function withUnknownCode(command: Command): Command {
  return command.option("--unknown-code", "pay to a contract that is not this version's: read its source first");
}
