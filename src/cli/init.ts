import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { Command } from "commander";

import { UserError } from "../errors.ts";
import { print } from "./output.ts";

/** The package's root, whether it runs as TypeScript or compiled. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A project whose model is one of tf.layers. */
const TEMPLATE = join(ROOT, "templates/learner");
/** What is another where the learner implements the interface itself. */
const DIRECT = join(ROOT, "templates/direct");

export function register(program: Command): void {
  program
    .command("init")
    .description("write a project with a learner of your own: a small model, data to try it, and the commands")
    .argument("<dir>", "folder to write it into; it must be empty, or not there")
    .option("--direct", "a learner that implements the interface itself, instead of a model of tf.layers")
    .addHelpText("after", "\nExample:\n  colearn init my-learner")
    .action(init);
}

async function init(dir: string, { direct }: { readonly direct?: boolean }): Promise<void> {
  const folder = resolve(dir);
  await requireEmpty(folder, dir);
  await cp(TEMPLATE, folder, { recursive: true });
  if (direct) await cp(DIRECT, folder, { recursive: true });
  const manifest = join(folder, "package.json");
  const project = JSON.parse(await readFile(manifest, "utf8")) as Record<string, unknown>;
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._]+/, "");
  const dependencies = { "colearn-ledger": `file:${relative(folder, ROOT) || "."}` };
  await writeFile(manifest, `${JSON.stringify({ ...project, name: name || "my-learner", dependencies }, null, 2)}\n`);
  print(
    `${dir} is a project with a learner of your own: my-learner.ts. Next:`,
    `  cd ${dir}`,
    "  npm install",
    "  npm test           # npx colearn learner test my-learner.ts",
    "README.md there has the commands for an experiment.",
  );
}

/** Makes the folder where it is not there. @throws UserError where something is in it, or it cannot be written */
async function requireEmpty(folder: string, dir: string): Promise<void> {
  let entries: string[];
  try {
    await mkdir(folder, { recursive: true });
    entries = await readdir(folder);
  } catch (cause) {
    throw new UserError("init", `the folder ${dir} cannot be made`, { remedy: "name another", cause });
  }
  if (entries.length > 0) {
    throw new UserError("init", `the folder ${dir} is not empty`, {
      remedy: "name an empty one, or one that is not there",
    });
  }
}
