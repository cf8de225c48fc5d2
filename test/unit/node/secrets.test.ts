import { expect } from "chai";
import { keccak256, Wallet } from "ethers";

import { linkToJoin, Secrets } from "../../../src/node/secrets.ts";

const wallet = new Wallet(`0x${"1".repeat(64)}`);
const scope = { chain: "31337:0xaa", contract: "0xC0", experiment: 1n };

describe("Secrets", () => {
  it("gives the same salt after a restart, and another one for every round, proposal, experiment and key", () => {
    const salt = new Secrets(wallet, scope).salt(3, "0xp");
    expect(new Secrets(wallet, { ...scope, contract: "0xc0" }).salt(3, "0xp")).to.equal(salt);
    const others = [
      new Secrets(wallet, scope).salt(4, "0xp"),
      new Secrets(wallet, scope).salt(3, "0xq"),
      new Secrets(wallet, { ...scope, experiment: 2n }).salt(3, "0xp"),
      new Secrets(wallet, { ...scope, chain: "1:0xaa" }).salt(3, "0xp"),
      new Secrets(wallet, { ...scope, contract: "0xC1" }).salt(3, "0xp"),
      new Secrets(new Wallet(`0x${"2".repeat(64)}`), scope).salt(3, "0xp"),
    ];
    expect(new Set([salt, ...others]).size).to.equal(7);
    expect(salt).to.match(/^0x[0-9a-f]{64}$/);
  });

  it("reveals a hash chain from its end, as many links as there are rounds", () => {
    const secrets = new Secrets(wallet, scope);
    let revealed = secrets.lastLink(3);
    for (let round = 1; round <= 3; round++) {
      const next = new Secrets(wallet, scope).nextLink(3, revealed);
      expect(keccak256(next ?? "0x")).to.equal(revealed);
      revealed = next ?? "";
    }
    expect(secrets.nextLink(3, revealed)).to.equal(undefined);
  });

  it("knows no next link of another's chain", () => {
    expect(new Secrets(wallet, scope).nextLink(3, `0x${"9".repeat(64)}`)).to.equal(undefined);
  });

  it("joins with a link only where proposers are drawn", () => {
    const secrets = new Secrets(wallet, scope);
    expect(linkToJoin({ selection: "round-robin", rounds: 3 }, secrets)).to.equal(undefined);
    expect(linkToJoin({ selection: "random", rounds: 3 }, secrets)).to.equal(secrets.lastLink(3));
  });
});
