import { expect } from "chai";
import fc from "fast-check";

import { UserError } from "../../../src/errors.ts";
import { encodeContact, parseContact } from "../../../src/node/contact.ts";

const address = (n: number) =>
  `/ip4/127.0.0.1/tcp/${4000 + n}/p2p/12D3KooWGRUVhyuKcgvpcEq9UGhqkYfHuHpvxh2ZQbCyzXcXQBwp`;

describe("a contact", () => {
  it("gives back the addresses that were put in", () => {
    const addresses = [address(1), address(2)];
    expect(parseContact(encodeContact(addresses))).to.deep.equal(addresses);
  });

  it("has at most eight addresses, whoever wrote it", () => {
    const many = Array.from({ length: 20 }, (_, n) => address(n));
    expect(parseContact(JSON.stringify({ addresses: many }))).to.have.length(8);
  });

  it("is refused where it would not fit on the ledger", () => {
    const long = `/dns4/${"a".repeat(200)}/tcp/1/p2p/x`;
    expect(() => encodeContact(Array.from({ length: 8 }, () => long))).to.throw(UserError, /more than the 1024/);
  });

  it("leaves out addresses that are not of a kind to dial", () => {
    const odd = [
      "",
      "http://example.org",
      "/ip4/1.2.3.4/tcp/80",
      "/unix/tmp/x/p2p/y",
      address(1),
      "/ip4/1.2.3.4/udp/1/p2p/x",
    ];
    expect(parseContact(JSON.stringify({ addresses: odd }))).to.deep.equal([address(1)]);
  });

  it("speaks for one peer only, the first that it names", () => {
    const other = "/ip4/127.0.0.1/tcp/4009/p2p/12D3KooWother";
    expect(parseContact(JSON.stringify({ addresses: [address(1), other, address(2)] }))).to.deep.equal([
      address(1),
      address(2),
    ]);
  });

  it("leaves out what nobody would dial when it is written: a daemon has more kinds of addresses than fit", () => {
    const odd = Array.from({ length: 12 }, (_, n) => `/ip4/10.0.0.${n}/udp/4001/quic-v1/webtransport/p2p/12D3KooWx`);
    expect(parseContact(encodeContact([...odd, address(1)]))).to.deep.equal([address(1)]);
  });

  it("ignores fields of later versions", () => {
    expect(parseContact(JSON.stringify({ addresses: [address(1)], encryptionKey: "abc" }))).to.deep.equal([address(1)]);
  });

  it("is a stranger's text: whatever it holds, there is nothing worse in it than no address", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant('{"addresses":7}')), (text) => {
        for (const parsed of parseContact(text)) expect(parsed).to.match(/\/p2p\//);
      }),
    );
  });
});
