/** The original as the oracle: fetchai/colearn's own driver, in Python, and ours on the same scores. */
import { spawnSync } from "node:child_process";

import { expect } from "chai";

import { compare } from "../../scripts/oracle/compare.ts";
import { drawExperiments } from "../../scripts/oracle/experiments.ts";
import { playOurs } from "../../scripts/oracle/ours.ts";
import { playTheirs, type Played } from "../../scripts/oracle/theirs.ts";

const python = process.env.COLEARN_PYTHON ?? "python3";
const experiments = drawExperiments(100, 1);

async function compareWithOurs({ approvesTies, experiments: theirs }: Played) {
  const ours = await Promise.all(experiments.map((experiment) => playOurs(experiment, approvesTies)));
  return compare(experiments, ours, theirs);
}

describe("The Python package colearn", function () {
  this.timeout(120_000);

  before(function () {
    const probe = spawnSync(python, ["-c", "import colearn, pydantic, numpy"], { encoding: "utf8" });
    if (probe.status === 0) return;
    const reason = probe.error?.message ?? probe.stderr.trim().split("\n").at(-1) ?? "it failed";
    const message =
      `${python} cannot import colearn (${reason}). Get it with "python3 -m venv .venv && .venv/bin/pip install ` +
      `--no-deps -r scripts/oracle/requirements.txt", and run again with COLEARN_PYTHON=.venv/bin/python`;
    if (process.env.CI === "true") throw new Error(message);
    process.stdout.write(`    skipped: ${message}\n`);
    this.skip();
  });

  it("selects, votes and accepts as we do in 100 random experiments, once the proposer's own vote is taken out", async () => {
    const comparison = await compareWithOurs(playTheirs({ python }, experiments, true));
    expect(comparison.differences).to.deep.equal([]);
    expect(comparison.partings).to.deep.equal([]);
    const { rounds, accepted, atThreshold } = comparison;
    expect(rounds).to.equal(experiments.reduce((sum, experiment) => sum + experiment.rounds, 0));
    expect(accepted).to.be.within(rounds / 10, rounds - rounds / 10);
    expect(atThreshold).to.be.greaterThan(rounds / 10);
  });

  it("parts from us, as it is, by the proposer's vote on its own proposal and by nothing else", async () => {
    const theirs = playTheirs({ python }, experiments, false);
    const { differences, partings } = await compareWithOurs(theirs);
    expect(differences).to.deep.equal([]);
    // The package on PyPI counts that vote; the repository's later driver does not.
    const countsOwnVote = theirs.experiments.flat().some(({ proposer, votes }) => votes[proposer] !== null);
    if (countsOwnVote) expect(partings.length).to.be.greaterThan(10);
    else expect(partings).to.deep.equal([]);
  });
});
