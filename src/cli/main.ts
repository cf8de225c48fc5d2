import { stderr } from "node:process";

import { Command, CommanderError } from "commander";

import { ColearnError, UserError } from "../errors.ts";
import { registerCreate } from "./create.ts";
import { registerDemo } from "./demo.ts";
import { registerDeploy } from "./deploy.ts";
import { registerExport } from "./export.ts";
import { registerInvite } from "./invite.ts";
import { registerJoin } from "./join.ts";
import { registerNode } from "./node.ts";
import { registerStart } from "./start.ts";
import { registerStatus } from "./status.ts";

/** Exit codes: what a script can tell apart. */
const FAILED = 1;
const USER_ERROR = 2;

function createProgram(): Command {
  const program = new Command("colearn")
    .description("Collective Learning on a ledger: train one model together, without a server, without showing data.")
    .exitOverride()
    .configureOutput({
      // One line, as every other mistake.
      outputError: (text, write) => write(`${text.trim().replaceAll("\n", " ")} (see \`colearn help\`)\n`),
    });
  const register = [
    registerDemo,
    registerDeploy,
    registerCreate,
    registerInvite,
    registerJoin,
    registerStart,
    registerNode,
    registerStatus,
    registerExport,
  ];
  for (const add of register) add(program);
  return program;
}

/** What went wrong in one line, and the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USER_ERROR;
  if (error instanceof ColearnError) {
    const remedy = error.remedy === undefined ? "" : ` (${error.remedy})`;
    stderr.write(`error: ${error.message}${remedy}\n`.replaceAll(/\n(?!$)/g, " "));
    return error instanceof UserError ? USER_ERROR : FAILED;
  }
  // A defect: whoever reports it needs the whole of it.
  stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return FAILED;
}

/** Runs the command line and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    return report(error);
  }
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
