import { Stakes, type Due, type Fund } from "../../ledger/stakes.ts";
import { Token } from "../../ledger/token.ts";
import { isFinal, lastSettled, type Experiment, type Snapshot } from "../../ledger/types.ts";
import type { ContractOptions } from "../options.ts";
import { paint, print, printJson } from "../output.ts";
import { resolveExperiment, withLedger } from "../session.ts";

interface StatusOptions extends ContractOptions {
  readonly json?: boolean;
}

interface LearnerStakes {
  readonly address: string;
  /** None where it has not joined. */
  readonly index: number | undefined;
  readonly stake: bigint;
  readonly suspensions: number;
  /** What its suspensions take from its stake, as far as it is not taken yet. */
  readonly penalty: bigint;
  readonly claimedThrough: number;
  readonly claimable: Due | undefined;
}

interface Standing {
  readonly stakes: Stakes;
  readonly isKnown: boolean;
  readonly experiment: Experiment;
  readonly snapshot: Snapshot;
}

interface OpenStanding extends Standing {
  readonly fund: Fund;
  readonly token: Token;
  readonly learners: readonly LearnerStakes[];
  readonly refundable: Due | undefined;
}

/** Shows an experiment's terms, who staked, and what could be paid now. */
export async function status(asked: bigint | undefined, options: StatusOptions): Promise<void> {
  await withLedger(options, async (ledger) => {
    const id = await resolveExperiment(ledger, asked);
    const stakes = await Stakes.of(ledger, id);
    const [isKnown, experiment, snapshot, fund] = await Promise.all([
      stakes.hasKnownCode(),
      ledger.experiment(id),
      ledger.snapshot(id),
      stakes.fund(),
    ]);
    const standing = { stakes, isKnown, experiment, snapshot };
    if (fund === undefined) {
      if (options.json) printJson({ ...headJson(standing), terms: null, learners: [] });
      else
        print(...headText(standing), `The terms are not open: nobody can join before \`colearn stakes open ${id}\`.`);
      return;
    }
    const settled = lastSettled(snapshot);
    const open: OpenStanding = {
      ...standing,
      fund,
      token: await Token.at(ledger.provider, fund.terms.token),
      learners: await learnersOf(stakes, fund, settled),
      refundable: await stakes.refundable(fund, settled),
    };
    if (options.json) printJson({ ...headJson(open), ...termsJson(open) });
    else print(...headText(open), ...termsText(open));
  });
}

/** Learners first, by index; then who staked and has not joined. */
async function learnersOf(stakes: Stakes, { terms }: Fund, settled: number): Promise<LearnerStakes[]> {
  const { ledger, experiment } = stakes;
  const [joined, stakers] = await Promise.all([ledger.learners(experiment), stakes.stakers()]);
  const found: LearnerStakes[] = [];
  for (const address of new Set([...joined, ...stakers])) {
    const account = await stakes.account(address);
    const { index, suspensions } = await ledger.learner(experiment, address);
    if (index === undefined && account.stake === 0n) continue;
    const due = account.penalised ? 0n : terms.penalty * BigInt(suspensions);
    found.push({
      address,
      index,
      stake: account.stake,
      suspensions,
      penalty: due < account.stake ? due : account.stake,
      claimedThrough: account.claimedThrough,
      claimable: index === undefined ? undefined : await stakes.claimable(address, account, settled),
    });
  }
  return found;
}

function headJson({ stakes, isKnown, experiment: { coordinator, config }, snapshot }: Standing) {
  const { rounds, proposeWindow, voteWindow, revealWindow, ballot } = config;
  const { status, round } = snapshot;
  return {
    experiment: stakes.experiment,
    status,
    round,
    stakes: stakes.address,
    knownCode: isKnown,
    coordinator,
    rules: { rounds, proposeWindow, voteWindow, revealWindow, ballot },
  };
}

function termsJson({ fund, token, learners, refundable }: OpenStanding) {
  const { address, symbol, decimals } = token;
  const { stake, penalty, proposalReward, voteReward } = fund.terms;
  const amount = (value: bigint) => token.format(value);
  // None where the token refuses.
  const payable = (due: Due | undefined) => (due && due.amount === undefined ? null : amount(due?.amount ?? 0n));
  return {
    token: { address, symbol, decimals: decimals ?? null },
    terms: {
      stake: amount(stake),
      penalty: amount(penalty),
      proposalReward: amount(proposalReward),
      voteReward: amount(voteReward),
    },
    sponsor: fund.sponsor,
    refundedThrough: fund.refundedThrough,
    refundable: refundable?.amount === undefined ? null : amount(refundable.amount),
    learners: learners.map((learner) => ({
      address: learner.address,
      index: learner.index ?? null,
      stake: amount(learner.stake),
      suspensions: learner.suspensions,
      penalty: amount(learner.penalty),
      claimedThrough: learner.claimedThrough,
      claimable: payable(learner.claimable),
    })),
  };
}

function headText({ stakes, isKnown, experiment: { config }, snapshot }: Standing): string[] {
  const { ballot, proposeWindow, voteWindow, revealWindow } = config;
  const reveal = ballot === "sealed" ? `, ${revealWindow} s to reveal` : "";
  return [
    `Experiment ${stakes.experiment} is ${paint.bold(snapshot.status)}: round ${snapshot.round} of ${snapshot.rounds}.`,
    `Its stakes are at ${stakes.address}, ${isKnown ? "whose code is this version's" : paint.yellow("whose code is not this version's: read its source")}.`,
    `Its ballot is ${ballot}: ${proposeWindow} s to propose, ${voteWindow} s to vote${reveal}.`,
    "",
  ];
}

function termsText({ fund, token, learners, refundable, snapshot }: OpenStanding): string[] {
  const { stake, penalty, proposalReward, voteReward } = fund.terms;
  const amount = (value: bigint) => `${token.format(value)} ${token.symbol}`;
  const isOver = isFinal(snapshot.status);
  return [
    `The terms, opened by ${fund.sponsor}, in the token at ${token.address}:`,
    `  ${amount(stake)} is staked by each learner, ${amount(penalty)} taken from it for each suspension;`,
    `  ${amount(proposalReward)} goes to the proposer of an accepted proposal,`,
    `  ${amount(voteReward)} to those together who voted with the outcome of a round.`,
    "",
    ...learners.map((learner) => learnerLine(learner, amount, isOver)),
    ...(learners.length === 0 ? ["  nobody has staked or joined"] : []),
    ...(refundable ? ["", `  the sponsor can have back ${dueText(refundable, amount)}`] : []),
  ];
}

function dueText({ amount: due }: Due, amount: (value: bigint) => string): string {
  return due === undefined ? "what the token refuses to pay now" : amount(due);
}

function learnerLine(learner: LearnerStakes, amount: (value: bigint) => string, isOver: boolean): string {
  const who = learner.index === undefined ? "not joined" : `learner ${learner.index}`;
  const left = learner.stake - learner.penalty;
  const parts = [
    `stake ${amount(learner.stake)}`,
    ...(learner.penalty > 0n ? [`${amount(learner.penalty)} of it lost by suspensions`] : []),
    ...(learner.claimable ? [`can claim ${dueText(learner.claimable, amount)}`] : []),
    ...(isOver && left > 0n ? [`can withdraw ${amount(left)}`] : []),
  ];
  return `  ${who.padEnd(11)} ${learner.address}  ${parts.join(", ")}`;
}
