import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Deploys the ledger. It has no constructor arguments and no owner, so there is nothing to configure afterwards. */
export default buildModule("CollectiveLearning", (m) => {
  const ledger = m.contract("CollectiveLearning");
  return { ledger };
});
