/** The page of figures, `docs/gas.md`: figures in, Markdown out. */
import { figure, targetsOf, type Figures } from "./figures.ts";

function shown(value: number): string {
  return value.toLocaleString("en").replaceAll(",", " ");
}

function tableOf(figures: Figures, section: string): string {
  const rows = Object.entries(figures[section] ?? {}).map(([step, value]) => `| ${step} | ${shown(value)} |`);
  return `| step | gas |\n| --- | ---: |\n${rows.join("\n")}`;
}

/** What these steps took when the ledger had open ballots, a circle of proposers and the voters' own transactions alone. */
const BEFORE = [
  ["create", "Setting up", "create", 213_891],
  ["join", "Setting up", "join", 86_801],
  ["start", "Setting up", "start", 62_868],
  ["propose", "Open ballot", "propose", 63_484],
  ["vote", "Open ballot", "vote", 32_918],
  ["vote, last", "Open ballot", "vote, last: settles, opens the next round", 75_488],
  ["open round of 10", "Whole rounds", "open round of 10", 435_234],
] as const;

function beforeAndAfter(figures: Figures): string {
  const rows = BEFORE.map(([step, section, name, before]) => {
    const now = figure(figures, section, name);
    const more = ((now / before - 1) * 100).toFixed(1);
    return `| ${step} | ${shown(before)} | ${shown(now)} | ${more} % |`;
  });
  return `| step | before | now | more |\n| --- | ---: | ---: | ---: |\n${rows.join("\n")}`;
}

function targets(figures: Figures): string {
  const rows = targetsOf(figures).map(({ name, value, limit }) => `| ${name} | ${shown(value)} | ${shown(limit)} |`);
  return `| what | is | may be at most |\n| --- | ---: | ---: |\n${rows.join("\n")}`;
}

export function page(figures: Figures): string {
  const ours = (section: string, step: string) => shown(figure(figures, section, step));
  return `# Gas

Written by \`npm run gas\`; \`npm run gas -- --check\` fails where a figure differs from the committed one by more than
0.5 %, or where a target is missed. Measured on Hardhat's own network (solc 0.8.37, Prague, via IR, 1 000 runs; what is
deployed is compiled alike). Everybody does its duty, from the second round on, with sealed ballots from the third: first
rounds write slots that later ones use again. A round of n has n voters and a proposer, and ends with the opening of the
next. With 10 000 runs of the optimizer the ledger's code would be over the limit of EIP-170.

## Targets

${targets(figures)}

## Setting up

${tableOf(figures, "Setting up")}

## A round with open ballots

${tableOf(figures, "Open ballot")}

A vote reads two slots, the learner's membership and the lane of the ballot that it shares with 63 others, and writes the
lane. It needs nothing else, because the lane is found under the round and the proposal's digest, and holds the voters and
the deadline. The last vote also settles the round and opens the next one. Where proposers are drawn, a proposal reveals a
link of its proposer's hash chain and mixes it into the seed, and the step that opens a round draws a lot for each learner.

## A round with sealed ballots

${tableOf(figures, "Sealed ballot")}

A sealed vote is two transactions, each about as dear as an open one, and its commitment is a slot of its own: new with a
learner's first, overwritten with all others.

## Votes by signature

Of all voters of a round, in one transaction, which settles it and opens the next one.

${tableOf(figures, "Votes by signature")}

Most of a vote in a large batch is its calldata and the recovery of its signer. Who sends a batch gives the list of all
learners, which is checked against a digest, so that no voter's address is read from storage: without the list a vote
costs more, and a batch works all the same. A contract's vote costs what its own check of signatures takes.

## Calls by signature

${tableOf(figures, "Calls by signature")}

The sender pays, not the learner. To the call itself comes the signature, a nonce (a new slot with a learner's first), and
the calldata again.

## Leading on after a deadline

${tableOf(figures, "Leading on")}

## Whole rounds

${tableOf(figures, "Whole rounds")}

## Stakes and rewards

In a contract of its own, for experiments that name one, with an OpenZeppelin ERC-20.

${tableOf(figures, "Stakes and rewards")}

Rewards are worked out from the ledger's record when they are claimed, so that rounds cost the same with stakes as without:
only joining asks for the stake.

## What it costs who does not use it

The same steps before there were sealed ballots, drawn proposers, signatures and stakes:

${beforeAndAfter(figures)}

Stakes take 151 gas of joining (0.2 %: one more bit looked at) and 835 of creating (0.4 %: their field in the config), and
nothing of any other step, seen by taking them out. What makes joining dearer is something else: 5 082 gas (5.8 %) write
the digest of the list of learners, for batches. It pays for itself with each learner's fourth vote in a batch, and an
experiment whose voters send their votes themselves pays it for nothing. The rest is calldata: a link and an invitation,
both empty.

## Code

${tableOf(figures, "Runtime code (bytes)").replace("| step | gas |", "| contract | bytes |")}

## Beside others

Others were measured with 10 voters on a local EVM, deployed from their sources (solc 0.8.28, 200 runs).

| system | per action | per round |
| --- | --- | ---: |
| this contract, open ballot | propose ${ours("Open ballot", "propose")}, vote ${ours("Open ballot", "vote")} | ${ours("Whole rounds", "open round of 10")} |
| this contract, votes by signature | propose ${ours("Open ballot", "propose")}, a vote in a batch of 10 ${ours("Votes by signature", "batch of 10, a vote")}, of 50 ${ours("Votes by signature", "batch of 50, a vote")} | ${ours("Whole rounds", "relayed round of 10: one proposal, one batch")} |
| this contract, sealed ballot | propose ${ours("Open ballot", "propose")}, seal ${ours("Sealed ballot", "seal")}, reveal ${ours("Sealed ballot", "reveal")} | ${ours("Whole rounds", "sealed round of 10")} |
| a bitmap sketch | propose 70 700, vote 32 000 (first 49 100), batched signature 16 200 a vote | ≈ 443 000, batched ≈ 267 000 |
| OpenZeppelin Governor 5.1 | propose 70 000, castVote 66 000, castVoteBySig 80 600 | ≈ 750 000 |
| 2CP | addModelUpdate 115 000 in round 2, 202 000 in round 20 (it grows) | 1 840 000 to 2 700 000 |
| Gensyn SwarmCoordinator | submitWinners 135 500, submitReward 86 900 | ≈ 2 260 000 |
`;
}
