import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * Deploys the ledger, and beside it the contract that holds stakes for those experiments that ask for them. Neither has
 * an owner, so there is nothing to configure afterwards.
 */
export default buildModule("CollectiveLearning", (m) => {
  const ledger = m.contract("CollectiveLearning");
  const stakes = m.contract("Stakes", [ledger]);
  return { ledger, stakes };
});
