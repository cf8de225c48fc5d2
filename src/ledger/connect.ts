import { Interface, isAddress, JsonRpcProvider, Network, WebSocketProvider } from "ethers";

import { UserError } from "../errors.ts";
import { abi } from "./generated/abi.ts";

/** Chains where anybody can mine: blocks come at once, and the accounts' keys are public. */
export const LOCAL_CHAIN_ID = 31337;

export type Provider = JsonRpcProvider | WebSocketProvider;

export interface ConnectOptions {
  /** An http(s) or ws(s) address of a JSON-RPC endpoint. */
  readonly rpc: string;
  /** Refuse any other chain. */
  readonly chainId?: number | undefined;
  /** How long the endpoint may take to answer at first. */
  readonly timeoutMilliseconds?: number;
}

/**
 * Connects to a JSON-RPC endpoint and learns its chain.
 * @throws UserError when nothing answers there, or another chain does
 */
export async function connect({ rpc, chainId, timeoutMilliseconds = 5_000 }: ConnectOptions): Promise<Provider> {
  if (!/^(https?|wss?):\/\//.test(rpc)) {
    throw new UserError("rpc", `${JSON.stringify(rpc)} is not an address of a JSON-RPC endpoint`, {
      remedy: "give one that begins with http://, https://, ws:// or wss://",
    });
  }
  const actual = await chainIdOf(rpc, timeoutMilliseconds);
  if (chainId !== undefined && actual !== chainId) {
    throw new UserError("wrong-chain", `${rpc} is chain ${actual}, not chain ${chainId}`, {
      remedy: "give the endpoint of the right chain with --rpc, or its id with --chain-id",
    });
  }
  const network = Network.from(actual);
  const options = {
    staticNetwork: network,
    pollingInterval: actual === LOCAL_CHAIN_ID ? 100 : 2_000,
    cacheTimeout: -1,
  };
  return rpc.startsWith("ws")
    ? new WebSocketProvider(rpc, network, options)
    : new JsonRpcProvider(rpc, network, options);
}

/** Asks once, by hand: ethers would retry for ever, and log, where nothing answers. */
async function chainIdOf(rpc: string, timeoutMilliseconds: number): Promise<number> {
  const request = { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] };
  const ask = rpc.startsWith("ws") ? askWebSocket : askHttp;
  try {
    const answer = (await ask(rpc, JSON.stringify(request), timeoutMilliseconds)) as { result?: unknown };
    const id = Number(answer.result);
    if (!Number.isSafeInteger(id) || id <= 0) throw new Error(`it answered ${JSON.stringify(answer).slice(0, 100)}`);
    return id;
  } catch (cause) {
    throw new UserError("rpc", `no JSON-RPC endpoint answers at ${rpc}`, {
      remedy: "start the chain (`npx hardhat node`), or give another address with --rpc",
      cause,
    });
  }
}

async function askHttp(rpc: string, body: string, timeoutMilliseconds: number): Promise<unknown> {
  const response = await fetch(rpc, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal: AbortSignal.timeout(timeoutMilliseconds),
  });
  return response.json();
}

async function askWebSocket(rpc: string, body: string, timeoutMilliseconds: number): Promise<unknown> {
  const socket = new WebSocket(rpc);
  try {
    return await new Promise((resolve, reject) => {
      const fail = (reason: string) => () => {
        reject(new Error(reason));
      };
      AbortSignal.timeout(timeoutMilliseconds).addEventListener("abort", fail("no answer in time"));
      socket.addEventListener("error", fail("connection failed"));
      socket.addEventListener("open", () => {
        socket.send(body);
      });
      socket.addEventListener("message", ({ data }) => {
        resolve(JSON.parse(String(data)));
      });
    });
  } finally {
    socket.close();
  }
}

/**
 * Makes sure that a contract of ours is at an address.
 * @throws UserError when there is none, or another one
 */
export async function requireContract(provider: Provider, address: string): Promise<void> {
  if (!isAddress(address)) {
    throw new UserError("contract", `${JSON.stringify(address)} is not an address`, {
      remedy: "give the address that `colearn deploy` printed",
    });
  }
  const missing = new UserError("contract", `no CollectiveLearning contract is at ${address} on this chain`, {
    remedy: "deploy one with `colearn deploy`, or check --contract and --rpc",
  });
  if ((await provider.getCode(address)) === "0x") throw missing;
  const contract = new Interface(abi);
  try {
    const data = contract.encodeFunctionData("experimentCount");
    contract.decodeFunctionResult("experimentCount", await provider.call({ to: address, data }));
  } catch {
    throw missing;
  }
}
