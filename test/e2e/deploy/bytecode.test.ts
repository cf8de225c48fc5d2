import { expect } from "chai";
import hre from "hardhat";

import { bytecode } from "../../../src/ledger/generated/bytecode.ts";

describe("the bytecode", function () {
  this.timeout(120_000);

  it("has one compiler input, whichever build profile makes it", () => {
    const { default: tested, production: deployed } = hre.config.solidity.profiles;
    // The order of names counts too: Hardhat tells inputs apart by their text.
    expect(JSON.stringify(deployed)).to.equal(JSON.stringify(tested));
  });

  it("that `colearn deploy` carries is the one that Hardhat builds", async () => {
    await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
    const artifact = await hre.artifacts.readArtifact("CollectiveLearning");
    expect(bytecode === artifact.bytecode, "`npm run generate` brings it up to date").to.be.true;
  });

  it("ends with the hash of its metadata", () => {
    // CBOR: {"ipfs": 34 bytes of multihash, "solc": 3 bytes of version}, and its length of 51 bytes.
    expect(bytecode).to.match(/a2646970667358221220[0-9a-f]{64}64736f6c6343[0-9a-f]{6}0033$/);
  });
});
