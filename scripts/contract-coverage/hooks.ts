import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";

import type { HookContext, SolidityHooks } from "hardhat/types/hooks";

import { markBranches } from "./branches.ts";
import { BRANCHES } from "./report.ts";

type Next = (context: HookContext, name: string, path: string, content: string, version: string) => Promise<string>;

/** Writes down the branches of each contract, and hands its marked source on to the compiler. */
export default async (): Promise<Partial<SolidityHooks>> => ({
  async preprocessProjectFileBeforeBuilding(
    context: HookContext,
    name: string,
    path: string,
    content: string,
    version: string,
    next: Next,
  ): Promise<string> {
    const instrumented = await next(context, name, path, content, version);
    const file = relative(context.config.paths.root, path);
    if (!context.globalOptions.coverage || !file.startsWith("contracts/") || !instrumented.includes(".sendHit(0x")) {
      return instrumented;
    }
    const { source, branches } = markBranches(file, content, instrumented);
    await mkdir(BRANCHES, { recursive: true });
    await writeFile(join(BRANCHES, `${file.replaceAll("/", "-")}.json`), JSON.stringify(branches));
    return source;
  },
});
