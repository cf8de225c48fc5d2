import { setTimeout as pause } from "node:timers/promises";

import type { HookContext, NetworkHooks } from "hardhat/types/hooks";
import type { NetworkConnection } from "hardhat/types/network";
import type { JsonRpcRequest, JsonRpcResponse } from "hardhat/types/providers";

type Next<T extends string> = (
  context: HookContext,
  connection: NetworkConnection<T>,
  request: JsonRpcRequest,
) => Promise<JsonRpcResponse>;

/**
 * Anvil answers before it has mined, Hardhat's own network afterwards: what a test reads next must be the state after what
 * it sent. A transaction that is never mined makes the test time out.
 */
export default async (): Promise<Partial<NetworkHooks>> => ({
  async onRequest<T extends string>(
    context: HookContext,
    connection: NetworkConnection<T>,
    request: JsonRpcRequest,
    next: Next<T>,
  ) {
    const response = await next(context, connection, request);
    if (connection.networkName !== "anvil" || !request.method.startsWith("eth_send") || !("result" in response)) {
      return response;
    }
    const asked = { ...request, method: "eth_getTransactionReceipt", params: [response.result] };
    for (;;) {
      const receipt = await next(context, connection, asked);
      if (!("result" in receipt) || receipt.result !== null) return response;
      await pause(5);
    }
  },
});
