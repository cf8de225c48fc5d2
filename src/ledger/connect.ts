import { Interface, isAddress, isError, Network, type JsonRpcProvider } from "ethers";

import { UserError } from "../errors.ts";
import { Endpoint, endpointRequest, hostOf } from "./endpoint.ts";
import { explain, reasonOf } from "./errors.ts";
import { Failover, type EndpointLog } from "./failover.ts";
import { abi } from "./generated/abi.ts";
import { pollingIntervalOn } from "./networks.ts";
import { agreeOnChain, upstreamsOf } from "./upstream.ts";

export { LOCAL_CHAIN_ID } from "./networks.ts";

export type Provider = JsonRpcProvider;

export interface ConnectOptions {
  /**
   * Http(s) addresses of JSON-RPC endpoints of one chain, with a user and password where they ask for them. With more
   * than one, the others stand in for one that fails.
   */
  readonly rpc: string | readonly string[];
  /** Refuse any other chain. */
  readonly chainId?: number | undefined;
  /** How long an endpoint may take to answer at first. */
  readonly timeoutMilliseconds?: number;
  /** Is told which endpoint is used and which are not, with their hosts only. */
  readonly log?: EndpointLog | undefined;
}

/**
 * Connects to a chain over its JSON-RPC endpoints, and learns which chain it is.
 * @throws UserError when none answers, or another chain does, or not all are of the same one
 */
export async function connect({ rpc, chainId, timeoutMilliseconds = 5_000, log }: ConnectOptions): Promise<Provider> {
  const addresses = [...new Set([rpc].flat())];
  for (const address of addresses) requireHttp(address);
  const [first] = addresses;
  if (first === undefined)
    throw new UserError("rpc", "no JSON-RPC endpoint is given", { remedy: "give one with --rpc" });
  if (addresses.length > 1) {
    const upstreams = upstreamsOf(addresses);
    const { chain, silent } = await agreeOnChain(upstreams, chainId, timeoutMilliseconds);
    for (const [{ name }, why] of silent) log?.warn({ endpoint: name, why }, "this endpoint does not answer yet");
    return new Failover(endpointRequest(first), upstreams, chain, { log });
  }
  const actual = await chainIdOf(first, timeoutMilliseconds);
  if (chainId !== undefined && actual !== chainId) {
    throw new UserError("wrong-chain", `${hostOf(first)} is chain ${actual}, not chain ${chainId}`, {
      remedy: "give the endpoint of the right chain with --rpc, or its id with --chain-id",
    });
  }
  const network = Network.from(actual);
  return new Endpoint(endpointRequest(first), network, {
    staticNetwork: network,
    pollingInterval: pollingIntervalOn(actual),
    cacheTimeout: -1,
  });
}

function requireHttp(rpc: string): void {
  const url = URL.parse(rpc);
  if (url !== null && /^https?:$/.test(url.protocol)) return;
  if (url !== null && /^wss?:$/.test(url.protocol)) {
    throw new UserError("rpc", `the endpoint at ${url.host} is a WebSocket's`, {
      remedy: "give its address with http:// or https://: a node asks again and again, and needs no open connection",
    });
  }
  // Shown only where it is a bare name: anything longer may hold a password or a key all the same.
  const shown = /^[\w.-]{0,64}$/.test(rpc) ? JSON.stringify(rpc) : "the text given";
  throw new UserError("rpc", `${shown} is not an address of a JSON-RPC endpoint`, {
    remedy: "give one that begins with http:// or https:// with --rpc",
  });
}

/** Asks once, by hand: ethers would retry for ever, and log, where nothing answers. */
async function chainIdOf(rpc: string, timeoutMilliseconds: number): Promise<number> {
  const request = endpointRequest(rpc);
  request.timeout = timeoutMilliseconds;
  request.setThrottleParams({ maxAttempts: 1 });
  request.body = { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] };
  let why = "it did not tell its chain's id";
  try {
    const response = await request.send();
    response.assertOk();
    const id = Number((response.bodyJson as { result?: unknown } | null)?.result);
    if (Number.isSafeInteger(id) && id > 0) return id;
  } catch (error) {
    why = reasonOf(error);
  }
  throw new UserError("rpc", `no JSON-RPC endpoint answers at ${hostOf(rpc)}: ${why}`, {
    remedy: "start the chain (`npx hardhat node`), or give another address with --rpc",
  });
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
  const contract = new Interface(abi);
  const data = contract.encodeFunctionData("experimentCount");
  const answer = await ask(provider, address, data).catch((error: unknown) => {
    if (isError(error, "CALL_EXCEPTION")) return "0x";
    throw explain(error, "find the contract", contract);
  });
  try {
    contract.decodeFunctionResult("experimentCount", answer);
  } catch {
    throw missing;
  }
}

async function ask(provider: Provider, address: string, data: string): Promise<string> {
  return (await provider.getCode(address)) === "0x" ? "0x" : provider.call({ to: address, data });
}
