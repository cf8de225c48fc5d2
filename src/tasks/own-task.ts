/**
 * An operator's own task: the default export of a module of theirs, which is their code and runs with the rights of the
 * process that loads it. Only a path that the operator gave is ever loaded, and nothing that a manifest or a peer names.
 */
import { statSync } from "node:fs";
import { registerHooks } from "node:module";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";

import { UserError } from "../errors.ts";
import { tasks } from "./registry.ts";
import type { Task } from "./task.ts";

/** What a manifest takes as a name. */
const WORD = /^[A-Za-z0-9_.-]{1,64}$/;

/** The package's parts that a module may import. */
const ENTRIES: Readonly<Record<string, string>> = {
  "colearn-ledger": "index",
  "colearn-ledger/learner": "learner",
  "colearn-ledger/tfjs": "tfjs",
};

const HOW = "export default defineTask({ … }), or defineDirectTask; see docs/own-model.md";

/** What a task has, and what it must be. */
const members: Readonly<Record<keyof Omit<Task, "privacy" | "usesTfjs">, "string" | "object" | "number" | "function">> =
  {
    name: "string",
    title: "string",
    description: "string",
    metric: "object",
    trainRatio: "number",
    defaults: "object",
    parseParams: "function",
    createModel: "function",
    createLearner: "function",
  };

/**
 * Refuses a path at which no module can be: before anything is begun, and without running the module.
 * @throws UserError `learner-module`
 */
export function requireModule(path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new UserError("learner-module", `there is no file ${path}`, {
      remedy: "name the module of your learner with --learner, as `colearn init` writes one",
    });
  }
  if (/\.[mc]?ts$/.test(path) && !process.features.typescript) {
    throw new UserError("learner-module", `this Node, ${process.version}, does not run TypeScript such as ${path}`, {
      remedy: "use Node 22.18 or newer, without --no-strip-types, or compile the module to JavaScript",
    });
  }
}

/**
 * Runs a module and gives the task that it exports.
 * @param path absolute
 * @throws UserError `learner-module` in one line: it is not there, does not run, or exports something else
 */
export async function loadTask(path: string): Promise<Task> {
  requireModule(path);
  resolveToThisProgram();
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as typeof module;
  } catch (cause) {
    throw new UserError("learner-module", `${path} cannot be loaded: ${describe(cause, path)}`, {
      remedy: "mend the module; it runs as `node` runs it",
      cause,
    });
  }
  if (module.default === undefined)
    throw new UserError("learner-module", `${path} has no default export`, { remedy: HOW });
  const flaw = findFlaw(module.default);
  if (flaw !== undefined) {
    throw new UserError("learner-module", `the default export of ${path} is not a task: ${flaw}`, { remedy: HOW });
  }
  return module.default as Task;
}

/**
 * The module that a node was given for the task of a manifest.
 * @throws UserError `learner-module`, or `foreign-task` when it is another task than the manifest's
 */
export async function loadTaskNamed(path: string, name: string): Promise<Task> {
  const task = await loadTask(path);
  if (task.name === name) return task;
  throw new UserError("foreign-task", `the experiment's task is ${name}, and ${path} is the task ${task.name}`, {
    remedy: "give the experiment's own module with --learner, or none if the task comes with the program",
  });
}

function findFlaw(candidate: unknown): string | undefined {
  if (typeof candidate !== "object" || candidate === null) {
    return `it is ${candidate === null ? "null" : `a ${typeof candidate}`}`;
  }
  const task = candidate as Partial<Record<string, unknown>>;
  for (const [member, type] of Object.entries(members)) {
    if (task[member] === null || typeof task[member] !== type) return `its ${member} is no ${type}`;
  }
  const { name, defaults } = candidate as Task;
  if (!WORD.test(name)) {
    return `its name ${JSON.stringify(name.slice(0, 80))} is not a word of 1 to 64 letters, digits, _, . or -`;
  }
  if (tasks.some((known) => known.name === name))
    return `its name ${name} is that of a task which comes with the program`;
  const odd = Object.entries(defaults).find(([, value]) => !["string", "number", "boolean"].includes(typeof value));
  return odd && `its parameter ${odd[0]} is neither a number nor a text nor true or false, and no manifest holds it`;
}

/** What went wrong, and in which line of the module where that is known, without the rest of the stack. */
function describe(cause: unknown, path: string): string {
  if (!(cause instanceof Error)) return `it throws ${String(cause)}`;
  const line = /^\d+/.exec((cause.stack ?? "").split(`${basename(path)}:`)[1] ?? "")?.[0];
  const what = `${cause.name}: ${cause.message.trim().replaceAll(/\s+/g, " ")}`;
  return line === undefined ? what : `${what}, at line ${line}`;
}

let isResolved = false;

/**
 * Has a module's imports of this package lead to the very program that runs, wherever the module lies: its tfjs then is
 * the one that computes, and a checkout needs no build.
 */
function resolveToThisProgram(): void {
  if (isResolved) return;
  isResolved = true;
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  registerHooks({
    resolve: (specifier, context, next) => {
      const entry = Object.hasOwn(ENTRIES, specifier) ? ENTRIES[specifier] : undefined;
      if (entry === undefined) return next(specifier, context);
      return { url: new URL(`../${entry}.${extension}`, import.meta.url).href, shortCircuit: true };
    },
  });
}
