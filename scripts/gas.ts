/**
 * Measures the gas of every step on Hardhat's own network and writes `snapshots/gas.json` and `docs/gas.md`.
 * `node scripts/gas.ts --check` writes nothing, and exits with 1 where a figure differs from the committed one by more
 * than 0.5 %, or where the contract no longer fits the limit on code size.
 */
import { readFile, writeFile } from "node:fs/promises";

import { artifacts, network, tasks } from "hardhat";

import { RAW, type LedgerContract } from "../test/contracts/ledger-contract.ts";

const DRIFT = 0.005;
/** EIP-170, in bytes. */
const CODE_SIZE_LIMIT = 24_576;
const SNAPSHOT = "snapshots/gas.json";
const PAGE = "docs/gas.md";
const HOUR = 3600;

type Figures = Record<string, number>;

const ID = 1n;
/** Far in the future, so that the dates in calldata, and with them their gas, are the same on every machine. */
const START = "2100-01-01T00:00:00Z";

async function startChain() {
  return await network.create({
    override: {
      initialDate: START,
      accounts: { mnemonic: "test test test test test test test test test test test junk", count: 51 },
    },
  });
}

/** A digest without zero bytes, which are cheaper in calldata, so that all rounds compare. */
function digestOf(round: number): string {
  return `0x${(BigInt(`0x${"11".repeat(32)}`) + BigInt(round)).toString(16)}`;
}

/** An experiment of so many voters and one proposer, on a chain of its own. */
async function found(voters: number) {
  const connection = await startChain();
  const { ethers, networkHelpers } = connection;
  const signers = (await ethers.getSigners()).slice(0, voters + 1);
  const ledger = (await ethers.deployContract("CollectiveLearning")) as unknown as LedgerContract;
  const figures: Figures = {};

  async function gasOf(sent: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>): Promise<number> {
    const receipt = await (await sent).wait();
    if (receipt === null) throw new Error("a transaction was not mined");
    return Number(receipt.gasUsed);
  }

  figures.deploy = Number((await ledger.deploymentTransaction()?.wait())?.gasUsed ?? 0);
  figures.create = await gasOf(
    ledger.createExperiment({
      manifest: { digest: digestOf(1000), codec: RAW },
      weights: { digest: digestOf(0), codec: RAW },
      rounds: 1000,
      minLearners: 2,
      maxLearners: 256,
      approvalBps: 5000,
      proposeWindow: HOUR,
      voteWindow: HOUR,
      pauseLimit: HOUR,
      enrolmentDeadline: (await networkHelpers.time.latest()) + HOUR,
      admission: 0,
      selection: 0,
      ballot: 0,
      earlyDecision: false,
      revealWindow: 0,
      stakes: ethers.ZeroAddress,
    }),
  );
  const contact = JSON.stringify({ addresses: [`/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW${"a".repeat(44)}`] });
  for (const signer of signers) figures.join = await gasOf(ledger.connect(signer).join(ID, contact, ethers.ZeroHash, "0x"));
  figures.start = await gasOf(ledger.startExperiment(ID));

  /** Everybody does its duty; returns the gas of the whole round, the opening of the next included. */
  async function playRound(round: number): Promise<number> {
    const proposer = signers[(round - 1) % signers.length];
    if (proposer === undefined) throw new Error("there is no proposer");
    figures.propose = await gasOf(ledger.connect(proposer).propose(ID, round, { digest: digestOf(round), codec: RAW }, ethers.ZeroHash));
    let total = figures.propose;
    let cast = 0;
    for (const signer of signers) {
      if (signer === proposer) continue;
      const gas = await gasOf(ledger.connect(signer).vote(ID, round, digestOf(round), true, 912_345));
      cast += 1;
      total += gas;
      figures[cast === 1 ? "vote, first" : cast === voters ? "vote, last (settles, opens the next round)" : "vote"] =
        gas;
    }
    return total;
  }

  /** The propose window passes without a proposal. */
  async function skipRound(): Promise<void> {
    await networkHelpers.time.increase(HOUR + 1);
    figures["advance, skipping a round"] = await gasOf(ledger.advance(ID));
  }

  /** The vote window passes with one vote missing. */
  async function settleLate(round: number): Promise<void> {
    const proposer = signers[(round - 1) % signers.length];
    if (proposer === undefined) throw new Error("there is no proposer");
    await (await ledger.connect(proposer).propose(ID, round, { digest: digestOf(round), codec: RAW }, ethers.ZeroHash)).wait();
    for (const signer of signers.filter((one) => one !== proposer).slice(1)) {
      await (await ledger.connect(signer).vote(ID, round, digestOf(round), true, 912_345)).wait();
    }
    await networkHelpers.time.increase(HOUR + 1);
    figures["advance, settling without one vote"] = await gasOf(ledger.advance(ID));
  }

  return { figures, playRound, skipRound, settleLate, close: () => connection.close() };
}

async function measure(): Promise<Figures> {
  const ten = await found(10);
  await ten.playRound(1);
  const second = await ten.playRound(2);
  const steps = { ...ten.figures };
  for (let round = 3; round < 200; round += 1) await ten.playRound(round);
  const twoHundredth = await ten.playRound(200);
  await ten.skipRound();
  await ten.settleLate(202);
  const figures: Figures = { ...ten.figures, ...steps };
  await ten.close();

  for (const voters of [4, 10, 50]) {
    const world = await found(voters);
    await world.playRound(1);
    figures[`round of ${voters} voters`] = await world.playRound(2);
    await world.close();
  }
  figures["round 2, 10 voters"] = second;
  figures["round 200, 10 voters"] = twoHundredth;
  figures["runtime code (bytes)"] =
    ((await artifacts.readArtifact("CollectiveLearning")).deployedBytecode.length - 2) / 2;
  return figures;
}

function page(figures: Figures): string {
  const shown = (value: number) => value.toLocaleString("en").replaceAll(",", " ");
  const rows = Object.entries(figures).map(([step, value]) => `| ${step} | ${shown(value)} |`);
  return `# Gas

Written by \`npm run gas\`; \`npm run gas -- --check\` fails where a figure differs from the committed one by more than
0.5 %. Measured on Hardhat's own network (solc 0.8.37, Prague, via IR, 10 000 runs), every learner doing its duty, from
the second round on: the first round writes slots that later ones use again. Steps are those of a round with 10 voters.

| step | gas |
| --- | ---: |
${rows.join("\n")}

A vote reads two slots, the learner's membership and the lane of the ballot that it shares with 63 others, and writes the
lane. It needs nothing else, because the lane is found under the round and the proposal's digest, and holds the voters and
the deadline. The last vote also settles the round and opens the next one.

## Beside others

Others were measured with 10 voters on a local EVM, deployed from their sources (solc 0.8.28, 200 runs).

| system | per action | per round |
| --- | --- | ---: |
| this contract | propose ${shown(figures.propose ?? 0)}, vote ${shown(figures.vote ?? 0)} | ${shown(figures["round of 10 voters"] ?? 0)} |
| OpenZeppelin Governor 5.1 | propose 70 000, castVote 66 000, castVoteBySig 80 600 | ≈ 750 000 |
| 2CP | addModelUpdate 115 000 in round 2, 202 000 in round 20 (it grows) | 1 840 000 to 2 700 000 |
| Gensyn SwarmCoordinator | submitWinners 135 500, submitReward 86 900 | ≈ 2 260 000 |
`;
}

await tasks.getTask("build").run({ quiet: true });
const figures = await measure();
const tooLarge = (figures["runtime code (bytes)"] ?? 0) > CODE_SIZE_LIMIT;
if (tooLarge) console.error(`The contract's code is larger than ${CODE_SIZE_LIMIT} bytes: no public chain deploys it.`);

if (process.argv.includes("--check")) {
  const committed = JSON.parse(await readFile(SNAPSHOT, "utf8")) as Figures;
  const drifted = [...new Set([...Object.keys(committed), ...Object.keys(figures)])].filter((step) => {
    const [before, now] = [committed[step] ?? 0, figures[step] ?? 0];
    return Math.abs(now - before) > DRIFT * before;
  });
  for (const step of drifted) {
    console.error(`${step}: ${committed[step] ?? "not measured"} before, ${figures[step] ?? "not measured"} now`);
  }
  if (drifted.length > 0) console.error("Gas changed: run `npm run gas`, read the difference, and commit it.");
  process.exitCode = drifted.length > 0 || tooLarge ? 1 : 0;
} else {
  await writeFile(SNAPSHOT, `${JSON.stringify(figures, null, 2)}\n`);
  await writeFile(PAGE, page(figures));
  console.table(figures);
  process.exitCode = tooLarge ? 1 : 0;
}
