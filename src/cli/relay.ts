import type { Command } from "commander";

import { type KeyLock, lockKey } from "../node/key-lock.ts";
import { runRelay } from "../node/relay/run.ts";
import {
  collect,
  type ContractOptions,
  experimentId,
  httpOption,
  type HttpOption,
  type KeyOptions,
  logLevelOption,
  withContract,
  withJson,
  withKey,
} from "./options.ts";
import { createLogger, print, printJsonLine } from "./output.ts";
import { fundedKey, openLedger, resolveExperiment } from "./session.ts";
import { version } from "./version.ts";

interface RelayOptions extends ContractOptions, KeyOptions {
  readonly home: string;
  readonly listen?: string[];
  readonly announce?: string[];
  readonly http: HttpOption;
  readonly logLevel: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("relay")
    .description("send, and pay for, what an experiment's learners sign: for learners without funds")
    .argument("[experiment]", "number of the experiment; the newest one if left out", experimentId)
    .option("--home <dir>", "the relay's own folder: it keeps its peer id there", "relay")
    .option("--listen <multiaddr>", "where it listens; may be repeated (default: loopback)", collect)
    .option("--announce <multiaddr>", "where learners reach it, if elsewhere; may be repeated", collect)
    .addOption(httpOption())
    .addOption(logLevelOption());
  withJson(withKey(withContract(command)))
    .addHelpText("after", "\nExample:\n  colearn relay 1 --home relay --listen /ip4/0.0.0.0/tcp/4002 --key relay.json")
    .action(relay);
}

async function relay(asked: bigint | undefined, options: RelayOptions): Promise<void> {
  const log = createLogger(options.logLevel);
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.on("SIGTERM", stop).on("SIGINT", stop).on("disconnect", stop);

  const ledger = await openLedger({ ...options, log });
  let lock: KeyLock | undefined;
  try {
    const wallet = await fundedKey(options, ledger.provider);
    const experiment = await resolveExperiment(ledger, asked);
    lock = lockKey({ chain: await ledger.chain(), address: wallet.address }, log);
    await runRelay({
      ...options,
      http: options.http === "off" ? undefined : options.http,
      ledger,
      wallet,
      experiment,
      version: version(),
      onReady: (addresses, http) => {
        if (options.json) printJsonLine({ relay: wallet.address, experiment, addresses, http });
        else {
          print(`${wallet.address} relays for experiment ${experiment}. Learners name it so:`);
          print(...addresses.map((address) => `  --relayer ${address}`));
        }
      },
      log,
      stopping: stopping.signal,
    });
  } finally {
    lock?.release();
    ledger.provider.destroy();
    if (process.connected) process.disconnect();
  }
}
