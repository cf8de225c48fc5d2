/**
 * Runs the contract's tests in TypeScript on anvil, a second and independent implementation of the EVM, where it is there:
 *
 *     npm install --prefix /tmp/anvil --no-save @foundry-rs/anvil-linux-amd64@1.7.1
 *     COLEARN_ANVIL=/tmp/anvil/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil npm run test:anvil
 *
 * Arguments go to Mocha: files, or `--grep`. Without anvil it says so and is content, but not in continuous integration.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";

/** As many accounts as the tests have people, with Hardhat's own keys. */
const ACCOUNTS = 300;
const CHAIN_ID = 31_337;
const MNEMONIC = "test test test test test test test test test test test junk";

const { COLEARN_ANVIL: anvil, CI: ci } = process.env;
if (anvil === undefined || !existsSync(anvil)) {
  const found = anvil === undefined ? "COLEARN_ANVIL is not set" : `there is no ${anvil}`;
  console.error(
    `The tests did not run on anvil: ${found}. It is to be the path of the program: see ${import.meta.filename}.`,
  );
  process.exit(ci === "true" ? 1 : 0);
}

/** Starts anvil on a port that the system chooses. It writes to its output where it listens. */
async function start(program: string): Promise<{ node: ChildProcess; url: string }> {
  const options = { host: "127.0.0.1", port: 0, accounts: ACCOUNTS, mnemonic: MNEMONIC, "chain-id": CHAIN_ID };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const node = spawn(program, [...flags, "--hardfork", "prague", "--balance", "10000"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  node.once("error", (error) => {
    console.error(`anvil did not start: ${error.message}`);
    process.exit(1);
  });
  for await (const line of createInterface({ input: node.stdout })) {
    const [, address] = /Listening on (\S+)/.exec(line) ?? [];
    // From here on its output is read and dropped, so that it never waits for a reader.
    if (address !== undefined) return { node, url: `http://${address}` };
  }
  throw new Error("anvil ended before it listened");
}

/** Blocks are a second apart, as on Hardhat's own network, whatever time the tests take. */
async function setBlockTime(url: string): Promise<void> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "anvil_setBlockTimestampInterval", params: [1] });
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const answer = await response.text();
  if (answer.includes('"error"')) throw new Error(`anvil does not set the time between blocks: ${answer}`);
}

async function runTests(url: string, args: string[]): Promise<number> {
  const tests = spawn("hardhat", ["test", "mocha", "--network", "anvil", ...args], {
    stdio: "inherit",
    env: { ...process.env, COLEARN_ANVIL_URL: url },
  });
  const [code] = (await once(tests, "exit")) as [number | null];
  return code ?? 1;
}

const { node, url } = await start(anvil);
try {
  node.stdout?.resume();
  console.log(`anvil listens on ${url}`);
  await setBlockTime(url);
  process.exitCode = await runTests(url, process.argv.slice(2));
} finally {
  node.kill("SIGTERM");
}
