import { expect } from "chai";

import { devAccount } from "../../../src/ledger/dev-accounts.ts";
import { isCallSignedByKey, signCall } from "../../../src/ledger/signed-call.ts";
import { domainOf } from "../../../src/ledger/signed-vote.ts";

const contract = `0x${"c".repeat(40)}`;
const domain = domainOf(31_337n, contract);
const signer = devAccount(0);
const message = { learner: signer.address, call: "0x1234", nonce: 3n, deadline: 99n };

describe("a signed call", () => {
  it("is its learner's, and the same however often it is signed", async () => {
    const call = await signCall(signer, domain, message);
    expect(isCallSignedByKey(domain, call, 3n)).to.be.true;
    expect(await signCall(signer, domain, message)).to.deep.equal(call);
  });

  it("counts for one nonce, content, learner, contract and chain", async () => {
    const call = await signCall(signer, domain, message);
    const foreign: boolean[] = [
      isCallSignedByKey(domain, call, 4n),
      isCallSignedByKey(domain, { ...call, call: "0x1235" }, 3n),
      isCallSignedByKey(domain, { ...call, deadline: 100n }, 3n),
      isCallSignedByKey(domain, { ...call, learner: devAccount(1).address }, 3n),
      isCallSignedByKey(domainOf(31_337n, signer.address), call, 3n),
      isCallSignedByKey(domainOf(1n, contract), call, 3n),
      isCallSignedByKey(domain, { ...call, signature: "0x12" }, 3n),
      isCallSignedByKey(domain, { ...call, signature: `0x${"00".repeat(65)}` }, 3n),
    ];
    expect(foreign).to.deep.equal(foreign.map(() => false));
  });
});
