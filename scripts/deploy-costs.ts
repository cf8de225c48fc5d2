/**
 * Writes what a deployment and a round cost into `docs/deploy.md`, from `snapshots/gas.json` and the prices below.
 * `node scripts/deploy-costs.ts --check` writes nothing, and exits with 1 where the page is not up to date.
 */
import { readFile, writeFile } from "node:fs/promises";

import { format, resolveConfig } from "prettier";

const SNAPSHOT = "snapshots/gas.json";
const PAGE = "docs/deploy.md";
const [START, END] = ["<!-- costs: written by scripts/deploy-costs.ts -->", "<!-- end of costs -->"];

/** Assumptions, in gwei a unit of gas: nobody looked at a network for them. Change them here. */
const ASSUMED_ON = "24 November 2026";
const NETWORKS = [
  { name: "Sepolia", gwei: 2, coin: "ETH" },
  { name: "Base Sepolia", gwei: 0.01, coin: "ETH" },
  { name: "Polygon Amoy", gwei: 32, coin: "POL" },
] as const;

/** Section and name of a figure, and what it is called here. */
const STEPS = [
  ["Setting up", "deploy", "deploy the ledger"],
  ["Stakes and rewards", "deploy", "deploy Stakes"],
  ["Setting up", "create", "create an experiment"],
  ["Setting up", "join", "join"],
  ["Setting up", "start", "start"],
  ["Open ballot", "propose", "propose"],
  ["Open ballot", "vote", "vote"],
  ["Open ballot", "vote, last: settles, opens the next round", "last vote of a round"],
  ["Whole rounds", "open round of 10", "a round of 10 voters"],
  ["Whole rounds", "relayed round of 10: one proposal, one batch", "the same, votes by signature"],
] as const;

const gas = JSON.parse(await readFile(SNAPSHOT, "utf8")) as Record<string, Record<string, number> | undefined>;

function gasOf(section: string, name: string): number {
  const figure = gas[section]?.[name];
  if (figure === undefined) throw new Error(`${SNAPSHOT} has no "${name}" under "${section}"`);
  return figure;
}

/** Three digits that count, never as a power of ten. */
function amount(units: number, gwei: number): string {
  const value = units * gwei * 1e-9;
  return value.toFixed(Math.max(2, 2 - Math.floor(Math.log10(value))));
}

const head = ["step", "gas", ...NETWORKS.map(({ name, gwei, coin }) => `${name} at ${gwei} gwei, ${coin}`)];
const rows = STEPS.map(([section, name, label]) => {
  const units = gasOf(section, name);
  const grouped = String(units).replace(/\B(?=(\d{3})+$)/g, " ");
  return [label, grouped, ...NETWORKS.map(({ gwei }) => amount(units, gwei))];
});
const table = [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rows];
const text = `Prices assumed on ${ASSUMED_ON}, not looked up. At another price, multiply: gas × gwei ÷ 10⁹.

${table.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}`;

const page = await readFile(PAGE, "utf8");
const [from, to] = [page.indexOf(START), page.indexOf(END)];
if (from < 0 || to < from) throw new Error(`${PAGE} lacks the lines "${START}" and "${END}"`);
const next = await format(`${page.slice(0, from)}${START}\n\n${text}\n\n${page.slice(to)}`, {
  ...(await resolveConfig(PAGE)),
  parser: "markdown",
});
if (next !== page && process.argv.includes("--check")) {
  console.error(`The costs in ${PAGE} are not those of ${SNAPSHOT}: run \`npm run gas\` and commit them.`);
  process.exitCode = 1;
} else if (next !== page) {
  await writeFile(PAGE, next);
  console.log(`wrote ${PAGE}`);
}
