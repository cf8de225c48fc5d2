import { formatUnits, type TransactionLike } from "ethers";

import { ColearnError } from "../errors.ts";

/** Nodes take a replacement only at 10 % more or above. */
const RAISE_PERCENT = 115n;

/** What is offered at most for a unit of gas where nothing else is said, wei: 500 gwei. */
export const DEFAULT_MAX_FEE = 500_000_000_000n;

/** What a transaction offers for a unit of gas, wei: at most `most`, of which `tip` (none on old chains) is the miner's. */
export interface Fees {
  readonly most: bigint;
  readonly tip: bigint | undefined;
}

type FeeFields = Pick<TransactionLike, "gasPrice" | "maxFeePerGas" | "maxPriorityFeePerGas">;

/** The fees that ethers put into a transaction. */
export function feesOf({ gasPrice, maxFeePerGas, maxPriorityFeePerGas }: FeeFields): Fees {
  if (maxFeePerGas === null || maxFeePerGas === undefined) return { most: BigInt(gasPrice ?? 0), tip: undefined };
  return { most: BigInt(maxFeePerGas), tip: BigInt(maxPriorityFeePerGas ?? 0) };
}

/** The fields of a transaction that offers fees. */
export function feeFields({ most, tip }: Fees): FeeFields {
  return tip === undefined ? { gasPrice: most } : { maxFeePerGas: most, maxPriorityFeePerGas: tip };
}

/** The fees that replace a transaction that offered these; never above the cap, where they may not be enough. */
export function raise({ most, tip }: Fees, cap: bigint): Fees {
  const raised = (fee: bigint) => (fee * RAISE_PERCENT) / 100n + 1n;
  return atMost({ most: raised(most), tip: tip === undefined ? undefined : raised(tip) }, cap);
}

/** The higher of both, each field by itself, as a replacement must be. */
export function higher(a: Fees, b: Fees): Fees {
  const max = (x: bigint, y: bigint) => (x > y ? x : y);
  return { most: max(a.most, b.most), tip: a.tip === undefined ? undefined : max(a.tip, b.tip ?? 0n) };
}

/**
 * Checks what the network asks for at present.
 * @throws ColearnError `fee-too-high` when that is above the cap
 */
export function requireAffordable({ most }: Fees, cap: bigint): void {
  if (most <= cap) return;
  throw new ColearnError(
    "fee-too-high",
    `a transaction would offer up to ${gwei(most)} gwei for a unit of gas, above the limit of ${gwei(cap)} gwei`,
    { remedy: "wait until the network asks for less, or raise the limit with --max-fee" },
  );
}

function atMost({ most, tip }: Fees, cap: bigint): Fees {
  const min = (x: bigint, y: bigint) => (x < y ? x : y);
  return { most: min(most, cap), tip: tip === undefined ? undefined : min(tip, cap) };
}

function gwei(wei: bigint): string {
  return formatUnits(wei, "gwei").replace(/\.0$/, "");
}
