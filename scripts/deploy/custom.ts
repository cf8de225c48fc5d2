import { HardhatPluginError } from "hardhat/plugins";
import type { ChainDescriptorsUserConfig } from "hardhat/types/config";

import { PLUGIN } from "./plugin.ts";

/** What is public about the network `custom`: the environment says it, because Hardhat wants it before any keystore. */
interface Custom {
  readonly chainId: number | undefined;
  readonly descriptors: ChainDescriptorsUserConfig;
}

/**
 * Reads `CUSTOM_CHAIN_ID` and the addresses of its explorers, `CUSTOM_ETHERSCAN_URL` and `CUSTOM_BLOCKSCOUT_URL`, each
 * of which answers at `/api` below its address.
 * @throws HardhatPluginError which names the variable and its value
 */
export function readCustom(environment: NodeJS.ProcessEnv): Custom {
  const { CUSTOM_CHAIN_ID: id, CUSTOM_ETHERSCAN_URL: etherscan, CUSTOM_BLOCKSCOUT_URL: blockscout } = environment;
  if (id === undefined) return { chainId: undefined, descriptors: {} };
  const chainId = Number(id);
  if (!/^\d+$/.test(id) || !Number.isSafeInteger(chainId) || chainId === 0) {
    throw new HardhatPluginError(PLUGIN, `CUSTOM_CHAIN_ID is "${id}": it must be a chain's number, as 11155111.`);
  }
  const blockExplorers = {
    ...(etherscan === undefined ? {} : { etherscan: explorer("CUSTOM_ETHERSCAN_URL", etherscan) }),
    ...(blockscout === undefined ? {} : { blockscout: explorer("CUSTOM_BLOCKSCOUT_URL", blockscout) }),
  };
  if (Object.keys(blockExplorers).length === 0) return { chainId, descriptors: {} };
  return { chainId, descriptors: { [chainId]: { name: "custom", blockExplorers } } };
}

function explorer(name: string, value: string) {
  if (!URL.canParse(value)) {
    throw new HardhatPluginError(PLUGIN, `${name} is "${value}": it must be an address, as https://explorer.example.`);
  }
  const url = value.replace(/\/+$/, "");
  return { url, apiUrl: `${url}/api` };
}
