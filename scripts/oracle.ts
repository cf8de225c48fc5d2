/**
 * Plays random experiments with scripted scores under colearn's own driver (Python) and under ours, and compares proposers,
 * votes and outcomes of every round. Ends with 1 if they differ in anything that docs/protocol.md does not name.
 *
 *     npm run oracle -- [--experiments 100] [--seed 1] [--source FOLDER]
 *
 * COLEARN_PYTHON names a Python that has colearn; without it an environment is made with what
 * scripts/oracle/requirements.txt lists. --source takes the driver of a clone of fetchai/colearn instead.
 */
import { parseArgs } from "node:util";

import { UserError } from "../src/errors.ts";
import { compare, type Comparison } from "./oracle/compare.ts";
import { drawExperiments } from "./oracle/experiments.ts";
import { playOurs } from "./oracle/ours.ts";
import { makeEnvironment, playTheirs, versionOf } from "./oracle/theirs.ts";

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      experiments: { type: "string", default: "100" },
      seed: { type: "string", default: "1" },
      source: { type: "string" },
    },
  });
  const { source } = values;
  const python = process.env.COLEARN_PYTHON ?? makeEnvironment();
  console.log(source === undefined ? `colearn ${versionOf(python)}` : `colearn as in ${source}`);
  const experiments = drawExperiments(Number(values.experiments), Number(values.seed));
  let differences = 0;
  for (const withoutOwnVote of [false, true]) {
    const { approvesTies, experiments: theirs } = playTheirs({ python, source }, experiments, withoutOwnVote);
    const ours = await Promise.all(experiments.map((experiment) => playOurs(experiment, approvesTies)));
    const comparison = compare(experiments, ours, theirs);
    const hasOwnVote = theirs[0]?.some(({ proposer, votes }) => votes[proposer] !== null) === true;
    if (!withoutOwnVote) console.log(`its Keras learner ${approvesTies ? "approves" : "rejects"} equal scores`);
    console.log(`\n${withoutOwnVote ? "with the proposer's own vote taken out" : "as it is"}:`);
    describe(comparison);
    differences += comparison.differences.length;
    if (!hasOwnVote) break;
  }
  return differences === 0 ? 0 : 1;
}

function describe({ experiments, rounds, accepted, atThreshold, partings, differences }: Comparison): void {
  console.log(
    `  ${experiments} experiments, ${rounds} rounds compared, ${accepted} accepted, ${atThreshold} on the threshold`,
  );
  if (differences.length === 0) console.log("  the same proposers, scores and votes in all of them");
  const [first] = partings;
  if (first === undefined && differences.length === 0) console.log("  the same outcomes in all of them");
  if (first !== undefined) {
    console.log(
      `  ${partings.length} experiments part, because colearn counts the proposer's vote on its own proposal;`,
    );
    const { experiment, round, approvals, voters, acceptedByThem, ownVote } = first;
    const theirs = `colearn ${acceptedByThem ? "accepts" : "rejects"} with the proposer's ${ownVote ? "approval" : "rejection"}`;
    console.log(
      `  the first is experiment ${experiment}, round ${round}: ${approvals} of ${voters} voters approve, ${theirs}`,
    );
  }
  for (const difference of differences.slice(0, 20)) console.log(`  DIFFERENT: ${difference}`);
}
