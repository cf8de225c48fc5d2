import { setTimeout as sleep } from "node:timers/promises";

import type { BaseWallet } from "ethers";
import type { Logger } from "pino";

import { reasonOf } from "../../ledger/errors.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { Transactor } from "../../ledger/transactor.ts";
import { isFinal } from "../../ledger/types.ts";
import { Resources } from "../../resources.ts";
import { makeHome, openStore, type StoreOptions } from "../open-store.ts";
import { serveRelay } from "./serve.ts";

export interface RunRelayOptions extends Omit<StoreOptions, "kubo"> {
  readonly ledger: Ledger;
  readonly wallet: BaseWallet;
  readonly experiment: bigint;
  /** What a transaction may offer at most for a unit of gas, wei. */
  readonly maxFee?: bigint | undefined;
  readonly confirmations?: number | undefined;
  /** Told once of the multiaddresses at which learners reach the relay. */
  readonly onReady: (addresses: readonly string[]) => void;
  readonly log: Logger;
  readonly stopping: AbortSignal;
}

/** How often it is asked whether the experiment is over. */
const INTERVAL_MILLISECONDS = 2_000;

/**
 * Relays for an experiment's learners until it is over or the relay is told to stop. It learns nothing and has no data.
 * @throws UserError when something that the operator gave cannot be used
 */
export async function runRelay(options: RunRelayOptions): Promise<void> {
  const { ledger, wallet, experiment, home, listen, announce, log, stopping } = options;
  const { config } = await ledger.experiment(experiment);
  const transactor = await Transactor.create(ledger, wallet, {
    maxFeePerGas: options.maxFee,
    confirmations: options.confirmations,
  });
  await using resources = new Resources();
  await makeHome(home);
  const store = await openStore({ home, listen, announce });
  resources.defer(() => store.stop());
  if (store.messages === undefined) throw new Error("the embedded store has no messages");
  resources.use(await serveRelay({ experiment, transactor, config, forAll: true, log }, store.messages));
  options.onReady(await store.addresses());

  const stopped = () => stopping.aborted;
  while (!stopped()) {
    try {
      const { status } = await ledger.snapshot(experiment);
      if (isFinal(status)) {
        log.info(`the experiment is ${status}`);
        return;
      }
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, "the ledger did not answer");
    }
    await sleep(INTERVAL_MILLISECONDS, undefined, { signal: stopping }).catch(() => undefined);
  }
}
