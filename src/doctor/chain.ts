import { formatEther } from "ethers";

import { connect, LOCAL_CHAIN_ID, type Provider } from "../ledger/connect.ts";
import { hostOf } from "../ledger/endpoint.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";

/** One endpoint by itself: where several are given, each has to be good enough to stand in for the others. */
export async function examineEndpoint(rpc: string): Promise<Finding> {
  const started = performance.now();
  const provider = await connect({ rpc });
  try {
    const block = await provider.getBlockNumber();
    const milliseconds = Math.round(performance.now() - started);
    return ok("rpc", `${hostOf(rpc)} answers in ${milliseconds} ms, at block ${block}`);
  } finally {
    provider.destroy();
  }
}

export function judgeChain(chainId: number, asked: number | undefined): Finding {
  if (asked !== undefined) return ok("chain", `chain ${chainId}, as --chain-id says`);
  if (chainId === LOCAL_CHAIN_ID) return ok("chain", `chain ${chainId}, a local one`);
  return warning(
    "chain",
    `chain ${chainId}, and any other would be taken as well`,
    `say --chain-id ${chainId}, so that an endpoint of another chain is refused`,
  );
}

/** Times are unix seconds; a chain's time is that of its last block. */
export interface Clocks {
  readonly local: number;
  readonly chain: number;
  /** Whether the chain stands still where nobody sends anything. */
  readonly isLocal: boolean;
}

/** A block may be this much ahead of a clock that is right: its maker's clock may be fast, too. */
const AHEAD_SECONDS = 15;
/** Every public chain has a block in this time. */
const BEHIND_SECONDS = 120;

export function judgeClock({ local, chain, isLocal }: Clocks): Finding {
  const ahead = local - chain;
  if (ahead < -AHEAD_SECONDS) {
    return warning(
      "clock",
      `this machine's clock is ${-ahead} s behind the chain's`,
      isLocal ? "none of a node's concern, if the chain's time was moved for a test" : "set the clock, with NTP",
    );
  }
  if (ahead <= BEHIND_SECONDS) return ok("clock", `within ${Math.abs(ahead)} s of the chain's`);
  // It has no new block only because nobody wants one.
  if (isLocal)
    return ok("clock", `the local chain's last block is ${ahead} s old: it mines when there is something to do`);
  return warning(
    "clock",
    `the chain's last block is ${ahead} s old`,
    "the endpoint is behind, or this machine's clock is ahead: set it with NTP, or take another endpoint",
  );
}

export async function examineClock(provider: Provider, chainId: number): Promise<Finding> {
  const block = await provider.getBlock("latest");
  if (block === null) return problem("clock", "the endpoint has no block", "take another with --rpc");
  const local = Math.floor(Date.now() / 1000);
  return judgeClock({ local, chain: block.timestamp, isLocal: chainId === LOCAL_CHAIN_ID });
}

/** Gas of a proposal, the dearest of a learner's regular transactions (docs/gas.md). */
const TRANSACTION_GAS = 65_000n;
/** With less than this, a learner may run dry within one experiment. */
const FEW_TRANSACTIONS = 100n;
/** Nobody needs to know it better. */
const MANY_TRANSACTIONS = 10_000n;

/** @param gasPrice wei; 0 where gas costs nothing */
export function judgeFunds(address: string, balance: bigint, gasPrice: bigint, isRelayed: boolean): Finding {
  const has = `${address} has ${Number(formatEther(balance)).toLocaleString("en", { maximumSignificantDigits: 6 })}`;
  if (isRelayed) return ok("funds", `${has}; votes are relayed, so that none are needed`);
  if (balance === 0n) {
    return problem("funds", has, "send it some of the network's currency: transactions cost gas");
  }
  const transactions = gasPrice === 0n ? undefined : balance / (gasPrice * TRANSACTION_GAS);
  if (transactions === undefined) return ok("funds", `${has}, and gas costs nothing now`);
  const count = transactions > MANY_TRANSACTIONS ? `more than ${MANY_TRANSACTIONS}` : `some ${transactions}`;
  const enough = `${has}: at today's price of gas, ${count} transactions`;
  if (transactions >= FEW_TRANSACTIONS) return ok("funds", enough);
  return warning("funds", enough, "send it more, or let votes be relayed: --votes relayed");
}

export async function examineFunds(provider: Provider, address: string, isRelayed: boolean): Promise<Finding> {
  const [balance, { gasPrice, maxFeePerGas }] = await Promise.all([
    provider.getBalance(address),
    provider.getFeeData(),
  ]);
  return judgeFunds(address, balance, gasPrice ?? maxFeePerGas ?? 0n, isRelayed);
}
