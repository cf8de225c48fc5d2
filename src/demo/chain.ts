import { UserError } from "../errors.ts";
import { DEV_MNEMONIC } from "../ledger/dev-accounts.ts";

export interface LocalChain {
  readonly rpc: string;
  stop(): Promise<void>;
}

export interface ChainOptions {
  /** How many of the public test accounts have funds. */
  readonly accounts: number;
  /** The chain's time at its start; now where left out. */
  readonly startsAt?: Date;
  /** Mine a block as often as this; a block for each transaction where left out. */
  readonly blockSeconds?: number;
}

/**
 * Starts a Hardhat chain in this process, on a loopback port that the system chooses.
 * @throws UserError where Hardhat is not installed: it is no dependency of a node
 */
export async function startChain({ accounts, startsAt, blockSeconds }: ChainOptions): Promise<LocalChain> {
  const hardhat = await import("hardhat/hre").catch((cause: unknown) => {
    throw new UserError("hardhat", "the demo's local chain needs Hardhat, which is not installed", {
      remedy: "npm install hardhat",
      cause,
    });
  });
  const hre = await hardhat.createHardhatRuntimeEnvironment({
    networks: {
      local: {
        type: "edr-simulated",
        chainType: "l1",
        // Many blocks within a second of real time must not run ahead of it.
        allowBlocksWithSameTimestamp: true,
        ...(startsAt === undefined ? {} : { initialDate: startsAt }),
        ...(blockSeconds === undefined ? {} : { mining: { auto: false, interval: blockSeconds * 1_000 } }),
        accounts: { mnemonic: DEV_MNEMONIC, count: accounts },
      },
    },
  });
  const server = await hre.network.createServer({ network: "local" }, "127.0.0.1", 0);
  const { address, port } = await server.listen();
  return { rpc: `http://${address}:${port}`, stop: () => server.close() };
}
