import { HardhatPluginError } from "hardhat/plugins";
import type { HookContext, NetworkHooks } from "hardhat/types/hooks";
import type { NetworkConnection } from "hardhat/types/network";

import { PLUGIN } from "./plugin.ts";

/** Refuses a network whose chain id is not known, and takes the key off a connection that shall only read. */
export default async (): Promise<Partial<NetworkHooks>> => ({
  async newConnection<T extends string>(
    context: HookContext,
    next: (nextContext: HookContext) => Promise<NetworkConnection<T>>,
  ): Promise<NetworkConnection<T>> {
    const connection = await next(context);
    const { networkConfig, networkName } = connection;
    if (networkConfig.type !== "http") return connection;
    if (networkConfig.chainId === undefined) {
      throw new HardhatPluginError(
        PLUGIN,
        `The network ${networkName} has no chain id, so a wrong endpoint could not be told from the right one. ` +
          "Set CUSTOM_CHAIN_ID.",
      );
    }
    // The accounts are read at the first request, which is still to come.
    if (context.globalOptions.withoutKey) Object.assign(networkConfig, { accounts: "remote" });
    return connection;
  },
});
