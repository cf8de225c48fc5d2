import { definePlugin } from "hardhat/plugins";

/** What anvil lacks for the contract's tests, which are written for Hardhat's own network. */
export default definePlugin({
  id: "colearn-anvil",
  hookHandlers: { network: () => import("./mined.ts") },
});
