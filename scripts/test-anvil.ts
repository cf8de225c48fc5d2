/**
 * Runs the contract's tests in TypeScript on anvil, a second and independent implementation of the EVM, where it is there:
 *
 *     npm install --prefix /tmp/anvil --no-save @foundry-rs/anvil-linux-amd64@1.7.1
 *     COLEARN_ANVIL=/tmp/anvil/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil npm run test:anvil
 *
 * Arguments go to Mocha: files, or `--grep`. Without anvil it says so and is content, but not in continuous integration.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";

import { ask, startAnvil } from "./anvil/start.ts";

/** As many accounts as the tests have people, with Hardhat's own keys. */
const ACCOUNTS = 300;

const { COLEARN_ANVIL: anvil, CI: ci } = process.env;
if (anvil === undefined || !existsSync(anvil)) {
  const found = anvil === undefined ? "COLEARN_ANVIL is not set" : `there is no ${anvil}`;
  console.error(
    `The tests did not run on anvil: ${found}. It is to be the path of the program: see ${import.meta.filename}.`,
  );
  process.exit(ci === "true" ? 1 : 0);
}

async function runTests(url: string, args: string[]): Promise<number> {
  const tests = spawn("hardhat", ["test", "mocha", "--network", "anvil", ...args], {
    stdio: "inherit",
    env: { ...process.env, COLEARN_ANVIL_URL: url },
  });
  const [code] = (await once(tests, "exit")) as [number | null];
  return code ?? 1;
}

const { process: node, url } = await startAnvil(anvil, { port: 0, accounts: ACCOUNTS, balance: 10_000 });
try {
  console.log(`anvil listens on ${url}`);
  // Blocks are a second apart, as on Hardhat's own network, whatever time the tests take.
  await ask(url, "anvil_setBlockTimestampInterval", 1);
  process.exitCode = await runTests(url, process.argv.slice(2));
} finally {
  node.kill("SIGTERM");
}
