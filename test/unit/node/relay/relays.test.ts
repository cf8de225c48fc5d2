import { expect } from "chai";

import type { Ledger } from "../../../../src/ledger/ledger.ts";
import { ContactBook, encodeContact, parseContact } from "../../../../src/node/contact.ts";

const at = (port: number, peer: string) => `/ip4/127.0.0.1/tcp/${port}/p2p/${peer}`;

function bookOf(announced: Record<string, string>): ContactBook {
  const ledger = {
    provider: { getBlockNumber: async () => 1 },
    contacts: async () => Object.entries(announced).map(([learner, contact]) => ({ learner, contact })),
  };
  return new ContactBook(ledger as unknown as Ledger, 1n, []);
}

describe("who relays", () => {
  it("is whom the operator names, then the proposer, then who says so in its contact", async () => {
    const book = bookOf({
      A: encodeContact([at(1, "PeerA"), at(2, "PeerA")]),
      B: encodeContact([at(3, "PeerB")]),
      C: encodeContact([at(4, "PeerC")], { relay: true }),
    });
    const own = [at(8, "Own1"), at(9, "Own2"), at(7, "Own1")];
    expect(await book.relays(own, "A")).to.deep.equal([
      [at(8, "Own1"), at(7, "Own1")],
      [at(9, "Own2")],
      [at(1, "PeerA"), at(2, "PeerA")],
      [at(4, "PeerC")],
    ]);
    expect(await book.relays([])).to.deep.equal([[at(4, "PeerC")]]);
  });

  it("is asked once, whoever names it", async () => {
    const contact = encodeContact([at(4, "PeerC")], { relay: true });
    expect(await bookOf({ A: contact, B: contact }).relays([at(4, "PeerC")], "A")).to.deep.equal([[at(4, "PeerC")]]);
  });

  it("is asked where the operator says, whatever the proposer's contact says of that peer", async () => {
    const book = bookOf({ A: encodeContact([at(1, "Own")]), B: encodeContact([at(2, "Own")], { relay: true }) });
    expect(await book.relays([at(9, "Own")], "A")).to.deep.equal([[at(9, "Own")]]);
  });

  it("is asked at its own addresses too, where another's contact names it with dead ones", async () => {
    const dead = encodeContact([at(1, "PeerC")]);
    const book = bookOf({ A: dead, C: encodeContact([at(4, "PeerC")], { relay: true }) });
    expect(await book.relays([], "A")).to.deep.equal([[at(1, "PeerC")], [at(4, "PeerC")]]);
  });

  it("is at most eight of those who say so: anybody may", async () => {
    const many = Array.from({ length: 30 }, (_, n) => [`L${n}`, encodeContact([at(n, `Peer${n}`)], { relay: true })]);
    const relays = await bookOf(Object.fromEntries(many) as Record<string, string>).relays([at(99, "Own")]);
    expect(relays).to.have.length(9);
    expect(relays[0]).to.deep.equal([at(99, "Own")]);
  });

  it("does not change where weights are to be had", () => {
    expect(parseContact(encodeContact([at(1, "PeerA")], { relay: true }))).to.deep.equal([at(1, "PeerA")]);
  });
});
