import { createHardhatRuntimeEnvironment } from "hardhat/hre";

/** A chain of a testnet's id. It lives in this process, and so outlives the processes that deploy to it. */
export interface TestChain {
  readonly rpc: string;
  request<T>(method: string, ...params: unknown[]): Promise<T>;
  stop(): Promise<void>;
}

export async function startTestChain(chainId: number): Promise<TestChain> {
  const hre = await createHardhatRuntimeEnvironment({
    networks: { local: { type: "edr-simulated", chainType: "l1", chainId } },
  });
  const server = await hre.network.createServer({ network: "local" }, "127.0.0.1", 0);
  const { address, port } = await server.listen();
  const rpc = `http://${address}:${port}`;
  return {
    rpc,
    request: async <T>(method: string, ...params: unknown[]) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const response = await fetch(rpc, { method: "POST", body, headers: { "content-type": "application/json" } });
      const { result, error } = (await response.json()) as { result: T; error?: { message: string } };
      if (error !== undefined) throw new Error(`${method}: ${error.message}`);
      return result;
    },
    stop: () => server.close(),
  };
}

interface MinedTransaction {
  readonly from: string;
  readonly hash: string;
  readonly input: string;
  readonly to: string | null;
}

/** The transactions that created a contract, oldest first, mined ones only. */
export async function creations(chain: TestChain): Promise<(MinedTransaction & { readonly contract: string })[]> {
  const found = [];
  const last = Number(await chain.request<string>("eth_blockNumber"));
  for (let number = 0; number <= last; number++) {
    const tag = `0x${number.toString(16)}`;
    const { transactions } = await chain.request<{ transactions: MinedTransaction[] }>(
      "eth_getBlockByNumber",
      tag,
      true,
    );
    for (const transaction of transactions) {
      if (transaction.to !== null) continue;
      const receipt = await chain.request<{ contractAddress: string }>("eth_getTransactionReceipt", transaction.hash);
      found.push({ ...transaction, contract: receipt.contractAddress });
    }
  }
  return found;
}
