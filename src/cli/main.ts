import { stderr, stdout } from "node:process";

import { Command, CommanderError } from "commander";

import { ColearnError, UserError } from "../errors.ts";
import { plainError, RevertError } from "../ledger/errors.ts";
import { commands } from "./commands.ts";
import { configure } from "./config/apply.ts";
import { withoutKeys } from "./config/showable.ts";
import { version } from "./version.ts";

/** Exit codes: what a script can tell apart. */
const FAILED = 1;
const USER_ERROR = 2;
/** What a shell expects of a program whose output nobody reads any more. */
const BROKEN_PIPE = 141;

async function createProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command("colearn")
    .description("Collective Learning on a ledger: train one model together, without a server, without showing data.")
    .version(version())
    .exitOverride()
    .configureOutput({
      // One line, as every other mistake.
      outputError: (text, write) =>
        write(`${withoutValues(text.trim()).replaceAll("\n", " ")} (see \`colearn help\`)\n`),
    });
  for (const [name, { summary, load }] of Object.entries(commands)) {
    // Also for `colearn help NAME`.
    if (argv.slice(0, 2).includes(name)) await (await load()).register(program);
    else program.command(name).description(summary);
  }
  configure(program, argv, process.env);
  return program;
}

/** A complaint about usage without what may be a secret in the wrong place: `--passphrase=…`, or a key in hex. */
function withoutValues(text: string): string {
  const plain = text.replace(/^(error: unknown option '[^=\s]*)=.*'/s, "$1'");
  return withoutKeys(plain.replace(/^(error: too many arguments .* but got \d+):.*$/s, "$1."));
}

/** What went wrong in one line, and the exit code. */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : USER_ERROR;
  const error = plainError(thrown) ?? thrown;
  if (error instanceof ColearnError) {
    const remedy = error.remedy === undefined ? "" : ` (${error.remedy})`;
    stderr.write(`error: ${error.message}${remedy}\n`.replaceAll(/\n(?!$)/g, " "));
    return error instanceof UserError || error instanceof RevertError ? USER_ERROR : FAILED;
  }
  // A defect: whoever reports it needs the whole of it.
  stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return FAILED;
}

/** Runs the command line and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(argv);
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    return report(error);
  }
}

/** How long what a command left open may keep the process, before it is ended by force. */
const LINGER_MILLISECONDS = 3_000;

/**
 * Runs the command line and ends the process with its exit code: by itself, once nothing is open any more. (Forced from
 * within JavaScript, Node's shutdown can wait for ever for a thread of V8's that waits for this one.)
 */
export async function runAndExit(argv: readonly string[]): Promise<void> {
  // Who reads the output may leave, as `head` does: that is no defect.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(BROKEN_PIPE);
  });
  const code = await main(argv);
  process.exitCode = code;
  setTimeout(() => process.exit(code), LINGER_MILLISECONDS).unref();
}

if (import.meta.main) await runAndExit(process.argv.slice(2));
