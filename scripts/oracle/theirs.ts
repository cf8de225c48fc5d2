/** Scripted experiments under colearn's own driver, in Python. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

import { UserError } from "../../src/errors.ts";
import type { ScriptedExperiment } from "./experiments.ts";
import type { PlayedRound } from "./ours.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const requirements = join(root, "scripts", "oracle", "requirements.txt");
const driver = join(root, "scripts", "oracle", "colearn_driver.py");

export interface Played {
  /** Whether colearn's Keras learner approves what is just as good as the current weights. */
  readonly approvesTies: boolean;
  readonly experiments: readonly (readonly PlayedRound[])[];
}

export interface Colearn {
  readonly python: string;
  /** Folder with a clone of fetchai/colearn, which then takes the place of the installed package. */
  readonly source?: string | undefined;
}

/**
 * @param withoutOwnVote the proposer's vote on its own proposal is made a rejection, and the threshold one of the voters
 * @throws UserError `python-failed` with the last line of what Python says
 */
export function playTheirs(
  { python, source }: Colearn,
  experiments: readonly ScriptedExperiment[],
  withoutOwnVote: boolean,
): Played {
  const path = [source, process.env.PYTHONPATH].filter((folder) => folder !== undefined).join(delimiter);
  const input = JSON.stringify({ withoutOwnVote, experiments });
  // Python must leave no compiled files in a clone.
  const env = { ...process.env, PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: "1" };
  return JSON.parse(runPython(python, [driver], { input, env })) as Played;
}

/** The installed package's version. @throws UserError `python-failed` where there is none */
export function versionOf(python: string): string {
  return runPython(python, ["-c", "from importlib.metadata import version; print(version('colearn'))"]).trim();
}

/** The Python of an environment that is made once, in the folder for caches. */
export function makeEnvironment(): string {
  const folder = join(root, "node_modules", ".cache", "oracle");
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  if (existsSync(python) && spawnSync(python, ["-c", "import colearn.training"]).status === 0) return python;
  console.error(`making a Python environment in ${folder}`);
  runPython("python3", ["-m", "venv", "--clear", folder]);
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
  runPython(python, [...install, "--requirement", requirements]);
  return python;
}

function runPython(
  python: string,
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  const { status, error, stdout, stderr } = spawnSync(python, args, {
    ...options,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status === 0) return stdout;
  const reason = error?.message ?? stderr.trim().split("\n").at(-1) ?? "no reason given";
  throw new UserError("python-failed", `${python} ${args.slice(0, 3).join(" ")} failed: ${reason}`, {
    remedy: `name a Python that has the packages of scripts/oracle/requirements.txt with COLEARN_PYTHON`,
  });
}
