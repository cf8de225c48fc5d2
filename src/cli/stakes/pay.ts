import { UserError } from "../../errors.ts";
import { claimThrough, refundThrough, type Fund, type Stakes } from "../../ledger/stakes.ts";
import type { Paid, StakesSender } from "../../ledger/stakes-sender.ts";
import { Token } from "../../ledger/token.ts";
import { isFinal, lastSettled } from "../../ledger/types.ts";
import { print, printJson } from "../output.ts";
import { requireFund, requireKnownCode, withSender, type SpendOptions, type StakesOptions } from "./session.ts";

interface StakeOptions extends SpendOptions {
  readonly for?: string;
}

interface LearnerOptions extends StakesOptions {
  readonly learner?: string;
}

interface ThroughOptions extends StakesOptions {
  readonly through?: number;
}

/** What became of a command: beside the amount, what its JSON holds, and the line for people. */
interface Outcome {
  readonly paid: Paid;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly line: (amount: string) => string;
}

export async function stake(experiment: bigint, options: StakeOptions): Promise<void> {
  await pay(experiment, options, async (stakes, sender, { terms }) => {
    await requireKnownCode(stakes, options);
    const learner = options.for ?? sender.address;
    return {
      paid: await sender.stake(learner, terms),
      fields: { learner },
      line: (amount) => `Staked ${amount} for ${learner}: it can join now.`,
    };
  });
}

export async function unstake(experiment: bigint, options: StakesOptions): Promise<void> {
  await pay(experiment, options, async (_stakes, sender) => ({
    paid: await sender.unstake(),
    fields: { learner: sender.address },
    line: (amount) => `${sender.address} has its ${amount} back.`,
  }));
}

export async function claim(experiment: bigint, options: LearnerOptions & ThroughOptions): Promise<void> {
  await pay(experiment, options, async (stakes, sender) => {
    const learner = options.learner ?? sender.address;
    const settled = lastSettled(await stakes.ledger.snapshot(experiment));
    const account = await stakes.account(learner);
    const through = options.through ?? claimThrough(account, settled);
    if (options.through === undefined && through <= account.claimedThrough) {
      throw new UserError("nothing-due", `${learner} has been paid for all rounds that are settled`, {
        remedy: "claim again when more are",
      });
    }
    const rest = through < settled ? ` More rounds are settled: claim again, up to round ${settled}.` : "";
    return {
      paid: await sender.claim(learner, through),
      fields: { learner, through },
      line: (amount) => `${learner} was paid ${amount} for its rounds up to ${through}.${rest}`,
    };
  });
}

export async function withdraw(experiment: bigint, options: LearnerOptions): Promise<void> {
  await pay(experiment, options, async (_stakes, sender) => {
    const learner = options.learner ?? sender.address;
    return {
      paid: await sender.withdraw(learner),
      fields: { learner },
      line: (amount) => `${learner} has ${amount} of its stake back.`,
    };
  });
}

/** The sponsor's. Penalties that nobody reckoned are reckoned first: they are a part of it. */
export async function refund(experiment: bigint, options: ThroughOptions): Promise<void> {
  await pay(experiment, options, async (stakes, sender, fund) => {
    const { ledger } = stakes;
    const snapshot = await ledger.snapshot(experiment);
    const penalised = isFinal(snapshot.status) && fund.terms.penalty > 0n ? await penaliseAll(stakes, sender) : [];
    const through = options.through ?? refundThrough(fund, snapshot.round);
    const rest = through < fund.rounds ? " There are more rounds: refund again." : "";
    return {
      paid: await sender.refund(through),
      fields: { sponsor: fund.sponsor, through, penalised },
      line: (amount) => `${fund.sponsor} has ${amount} back that nobody earned.${rest}`,
    };
  });
}

/** @returns the learners whose suspensions were reckoned now */
async function penaliseAll(stakes: Stakes, sender: StakesSender): Promise<string[]> {
  const penalised: string[] = [];
  for (const learner of await stakes.ledger.learners(stakes.experiment)) {
    const { suspensions } = await stakes.ledger.learner(stakes.experiment, learner);
    const account = await stakes.account(learner);
    if (suspensions === 0 || account.stake === 0n || account.penalised) continue;
    await sender.penalise(learner);
    penalised.push(learner);
  }
  return penalised;
}

async function pay(
  experiment: bigint,
  options: StakesOptions,
  work: (stakes: Stakes, sender: StakesSender, fund: Fund) => Promise<Outcome>,
): Promise<void> {
  await withSender(experiment, options, async (stakes, sender) => {
    const fund = await requireFund(stakes);
    const token = await Token.at(stakes.ledger.provider, fund.terms.token);
    const { paid, fields, line } = await work(stakes, sender, fund);
    const amount = token.format(paid.amount);
    if (options.json) {
      printJson({ experiment, ...fields, amount, symbol: token.symbol, transaction: paid.transaction });
    } else print(line(`${amount} ${token.symbol}`));
  });
}
