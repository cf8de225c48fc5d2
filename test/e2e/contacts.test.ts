import { expect } from "chai";

import { startChain } from "../../src/demo/chain.ts";
import { connect } from "../../src/ledger/connect.ts";
import { deployContract } from "../../src/ledger/deploy.ts";
import { devAccount } from "../../src/ledger/dev-accounts.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { Transactor } from "../../src/ledger/transactor.ts";
import { ContactBook, parseContact } from "../../src/node/contact.ts";
import { configWith } from "./support/config.ts";

describe("contacts, on a real chain", function () {
  this.timeout(60_000);

  it("are read past one whose bytes are no text: a stranger must not stop everybody's nodes", async () => {
    await using resources = new AsyncDisposableStack();
    const chain = await startChain({ accounts: 3 });
    resources.defer(() => chain.stop());
    const provider = await connect({ rpc: chain.rpc });
    resources.defer(() => provider.destroy());
    const ledger = new Ledger(provider, (await deployContract(devAccount(2).connect(provider))).address);
    const coordinator = await Transactor.create(ledger, devAccount(2));
    const id = await coordinator.createExperiment(configWith({ enrolmentDeadline: (await ledger.now()) + 3_600 }));
    const address = "/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWHonest";
    const honest = await Transactor.create(ledger, devAccount(0));
    await honest.join(id, JSON.stringify({ addresses: [address] }));
    const stranger = devAccount(1).connect(provider);
    await (await Transactor.create(ledger, devAccount(1))).join(id, "{}");
    const text = ledger.interface.encodeFunctionData("updateContact", [id, "x"]);
    const bytes = text.replace(/78(0{62})$/, "ff$1");
    expect(bytes).to.not.equal(text);
    await (await stranger.sendTransaction({ to: ledger.address, data: bytes })).wait();

    const contacts = await ledger.contacts(id);
    expect(contacts.map(({ contact }) => parseContact(contact))).to.have.length(2);
    expect(contacts[1]).to.deep.equal({ learner: stranger.address, contact: "" });
    expect(await new ContactBook(ledger, id, []).providers()).to.deep.equal([address]);
  });
});
