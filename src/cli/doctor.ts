import { Command } from "commander";

import { examineChainFor, type ChainSubject } from "../doctor/on-chain.ts";
import { examineBackend } from "../doctor/backend.ts";
import { examine, ok, skipped, warning, type Finding, type Health } from "../doctor/finding.ts";
import { examineData, examineDisk } from "../doctor/folders.ts";
import { examineEmbedded, examineKubo } from "../doctor/store.ts";
import { ColearnError } from "../errors.ts";
import type { BackendChoice } from "../learning/tfjs/backend.ts";
import { devAccount } from "../ledger/dev-accounts.ts";
import { strayVariables } from "./config/apply.ts";
import { allSettings, optional } from "./config/settings.ts";
import { examineKey } from "./keys/examine.ts";
import { register as registerNode } from "./node.ts";
import { type ChainOptions, experimentId, type KeyOptions } from "./options.ts";
import { paint, print, printJson } from "./output.ts";

interface DoctorOptions extends ChainOptions, KeyOptions {
  readonly contract?: string;
  readonly home?: string;
  readonly dataDir?: string;
  readonly testDir?: string;
  readonly shard?: unknown;
  readonly backend: BackendChoice;
  readonly listen?: string[];
  readonly announce?: string[];
  readonly kubo?: string;
  readonly votes: "direct" | "relayed";
  readonly config?: string | false;
  readonly json?: boolean;
}

export async function register(program: Command): Promise<void> {
  const command = program
    .command("doctor")
    .description("check all that a node needs, and say what to do; changes nothing, and needs no passphrase")
    .argument("[experiment]", "number of the experiment; the newest one if left out", experimentId);
  const scratch = new Command();
  registerNode(scratch);
  for (const option of scratch.commands.flatMap(({ options }) => options)) command.addOption(optional(option));
  command
    .addHelpText(
      "after",
      "\nTakes the options of `colearn node`.\n\nExample:\n  colearn doctor 1 --home node0 --key learner-1",
    )
    .action(doctor);
}

async function doctor(experiment: bigint | undefined, options: DoctorOptions): Promise<void> {
  const findings: Finding[] = [];
  const tell = (...found: Finding[]) => {
    findings.push(...found);
    if (!options.json) print(...found.flatMap(describe));
  };
  tell(await examineSettings(options));
  const key = await examineKey(options);
  tell(...key.findings);
  const store = await examineStore(options);
  tell(store.finding);
  const address = options.devAccount === undefined ? key.address : devAccount(options.devAccount).address;
  const isTestKey = options.devAccount !== undefined;
  const subject: ChainSubject = { ...options, address, isTestKey, experiment, peerId: store.peerId };
  for await (const finding of examineChainFor(subject)) tell(finding);
  tell(
    await examine("data", () => examineData(options)),
    await examine("disk", () => examineDisk(options.home ?? ".")),
    await examine("backend", () => examineBackend(options.backend)),
  );
  const problems = findings.filter(({ health }) => health === "problem");
  if (options.json) printJson({ ok: problems.length === 0, findings });
  if (problems.length === 0) return;
  const names = [...new Set(problems.map(({ check }) => check))].join(", ");
  throw new ColearnError("doctor", `a node would not work: ${names}`, { remedy: "see what to do above" });
}

async function examineSettings({ config }: DoctorOptions): Promise<Finding> {
  const stray = strayVariables(process.env, (await allSettings()).values());
  if (stray.length > 0) {
    const remedy = "`colearn config show` says what may be meant";
    return warning("settings", `no setting is called ${stray.join(", ")}: ignored`, remedy);
  }
  if (config === false) return ok("settings", "from flags alone");
  return ok("settings", config === undefined ? "no configuration file" : `the configuration file is ${config}`);
}

async function examineStore({ kubo, home }: DoctorOptions): Promise<{ finding: Finding; peerId?: string }> {
  if (kubo !== undefined) return { finding: await examine("store", () => examineKubo(kubo)) };
  if (home === undefined) return { finding: skipped("store", "no folder is named", "name the node's with --home") };
  let peerId: string | undefined;
  const finding = await examine("store", async () => {
    const state = await examineEmbedded(home);
    peerId = state.peerId;
    return state.finding;
  });
  return peerId === undefined ? { finding } : { finding, peerId };
}

const marks: Readonly<Record<Health, string>> = {
  ok: paint.green("ok     "),
  warning: paint.yellow("warning"),
  problem: paint.red("problem"),
  skipped: paint.dim("skipped"),
};

function describe({ check, health, message, remedy }: Finding): string[] {
  const line = `  ${marks[health]}  ${check.padEnd(10)}  ${message}`;
  return remedy === undefined ? [line] : [line, `  ${" ".repeat(7)}  ${" ".repeat(10)}  ${paint.dim(`→ ${remedy}`)}`];
}
