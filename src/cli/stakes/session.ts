import { UserError } from "../../errors.ts";
import { type Fund, Stakes } from "../../ledger/stakes.ts";
import { StakesSender } from "../../ledger/stakes-sender.ts";
import type { ContractOptions, KeyOptions } from "../options.ts";
import { fundedKey, resolveExperiment, withLedger } from "../session.ts";

export interface StakesOptions extends ContractOptions, KeyOptions {
  readonly json?: boolean;
}

/** Of the commands that pay to the contract. */
export interface SpendOptions extends StakesOptions {
  readonly unknownCode?: boolean;
}

/** Runs a command against the stakes of an experiment, with the key that signs. */
export async function withSender(
  asked: bigint,
  options: StakesOptions,
  work: (stakes: Stakes, sender: StakesSender) => Promise<void>,
): Promise<void> {
  await withLedger(options, async (ledger) => {
    const stakes = await Stakes.of(ledger, await resolveExperiment(ledger, asked));
    const wallet = await fundedKey(options, ledger.provider);
    await work(
      stakes,
      await StakesSender.create(stakes, wallet, { maxFeePerGas: options.maxFee, confirmations: options.confirmations }),
    );
  });
}

/**
 * The coordinator chose the contract, and only its code says what becomes of tokens.
 * @throws UserError where it is not this version's, and nobody said that it need not be
 */
export async function requireKnownCode(stakes: Stakes, { unknownCode = false }: SpendOptions): Promise<void> {
  if (unknownCode || (await stakes.hasKnownCode())) return;
  throw new UserError("unknown-code", `the code of ${stakes.address} is not that of this version's Stakes`, {
    remedy: "it may keep what it is paid: read its source, and then give --unknown-code",
  });
}

/** @throws UserError where the terms are not open */
export async function requireFund(stakes: Stakes): Promise<Fund> {
  const fund = await stakes.fund();
  if (fund) return fund;
  throw new UserError("terms", `the terms of experiment ${stakes.experiment} are not open yet`, {
    remedy: "its coordinator opens them with `colearn stakes open`",
  });
}
