import { expect } from "chai";

import type { AnnouncedContact, Ledger } from "../../../src/ledger/ledger.ts";
import { ContactBook } from "../../../src/node/contact.ts";

const at = (port: number, peer: string) => `/ip4/127.0.0.1/tcp/${port}/p2p/${peer}`;
const contact = (...addresses: string[]) => JSON.stringify({ addresses });

/** A ledger of which only contacts are read; `block` is its newest block. */
function ledgerOf(announced: (AnnouncedContact & { readonly block: number })[]) {
  const asked: (number | undefined)[] = [];
  const state = { block: 100 };
  const ledger = {
    provider: { getBlockNumber: async () => state.block },
    contacts: async (_experiment: bigint, from?: number) => {
      asked.push(from);
      return announced.filter(({ block }) => block >= (from ?? 0));
    },
  };
  return { ledger: ledger as unknown as Ledger, asked, state };
}

describe("ContactBook", () => {
  const announced = [
    { learner: "A", contact: contact(at(1, "PeerA")), block: 10 },
    { learner: "B", contact: contact(at(2, "PeerB")), block: 11 },
  ];

  it("names the proposer's addresses first, then the operator's own, then the others'", async () => {
    const book = new ContactBook(ledgerOf([...announced]).ledger, 1n, [at(9, "Mine")]);
    expect(await book.providers("B")).to.deep.equal([at(2, "PeerB"), at(9, "Mine"), at(1, "PeerA")]);
    expect(await book.providers()).to.deep.equal([at(9, "Mine"), at(1, "PeerA"), at(2, "PeerB")]);
  });

  it("lets nobody speak for the proposer's peer", async () => {
    const liar = { learner: "0", contact: contact(at(666, "PeerB")), block: 9 };
    const book = new ContactBook(ledgerOf([liar, ...announced]).ledger, 1n, []);
    expect(await book.providers("B")).to.deep.equal([at(2, "PeerB"), at(1, "PeerA")]);
  });

  it("reads all contacts once, and later only what is new or may have been reorganised", async () => {
    const { ledger, asked, state } = ledgerOf(announced);
    const book = new ContactBook(ledger, 1n, []);
    await book.providers();
    announced.push({ learner: "A", contact: contact(at(7, "PeerA")), block: 990 });
    state.block = 1_000;
    expect(await book.providers()).to.deep.equal([at(7, "PeerA"), at(2, "PeerB")]);
    await book.providers();
    expect(asked).to.deep.equal([undefined, 36, 936]);
  });
});
