import { UserError } from "../../errors.ts";
import type { Stakes, Terms } from "../../ledger/stakes.ts";
import { Token } from "../../ledger/token.ts";
import { paint, print, printJson } from "../output.ts";
import { requireKnownCode, type SpendOptions, withSender } from "./session.ts";

interface OpenOptions extends SpendOptions {
  readonly token: string;
  readonly stake: string;
  readonly penalty: string;
  readonly proposalReward: string;
  readonly voteReward: string;
}

/** Opens an experiment's terms. */
export async function openTerms(experiment: bigint, options: OpenOptions): Promise<void> {
  await withSender(experiment, options, async (stakes, sender) => {
    const { ledger } = stakes;
    await requireKnownCode(stakes, options);
    const token = await requireToken(stakes, options.token);
    const terms = termsIn(token, options);
    const { config } = await ledger.experiment(experiment);
    const { amount: budget, transaction } = await sender.open(terms, config.rounds);
    if (options.json) {
      const { address, symbol, decimals } = token;
      printJson({ experiment, token: { address, symbol, decimals }, budget: token.format(budget), transaction });
      return;
    }
    print(
      `The terms of experiment ${experiment} are open: ${token.format(budget)} ${token.symbol} for ${config.rounds} rounds.`,
      terms.stake === 0n
        ? "Nothing is staked: learners join as they are."
        : `Each learner stakes first: \`colearn stakes stake ${experiment}\`, for ${token.format(terms.stake)} ${token.symbol}.`,
    );
    if (config.ballot === "open" && terms.voteReward > 0n) {
      print(paint.yellow("The ballot is open: who votes late can copy votes, and is paid for it."));
    }
  });
}

/** A wrong address here would be wrong for good, and amounts without decimals would be wrong by far. */
async function requireToken({ ledger }: Stakes, address: string): Promise<Token> {
  const token = await Token.at(ledger.provider, address);
  if (token.decimals !== undefined) return token;
  throw new UserError("token", `no ERC-20 token that tells its decimals is at ${address}`, { remedy: "check --token" });
}

function termsIn(token: Token, options: OpenOptions): Terms {
  const terms = {
    token: token.address,
    stake: token.parse(options.stake, "--stake"),
    penalty: token.parse(options.penalty, "--penalty"),
    proposalReward: token.parse(options.proposalReward, "--proposal-reward"),
    voteReward: token.parse(options.voteReward, "--vote-reward"),
  };
  if (terms.penalty <= terms.stake) return terms;
  throw new UserError("penalty", `--penalty ${options.penalty} is more than --stake ${options.stake}`, {
    remedy: "a suspension cannot take more than there is: give a smaller one",
  });
}
