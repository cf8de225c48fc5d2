import { definePlugin } from "hardhat/plugins";

/** Marks the branches of contracts that Hardhat instruments for their lines. */
export default definePlugin({
  id: "colearn-branches",
  hookHandlers: { solidity: () => import("./hooks.ts") },
});
