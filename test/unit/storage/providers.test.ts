import { expect } from "chai";

import { parseProviders } from "../../../src/storage/providers.ts";
import { peerIdOf } from "./peer-ids.ts";

const alice = "12D3KooWBqeJp6vaST2M7ZTHcbykbL7y3M1Wv4nkpmzbm1FQnXcK";
const bob = "12D3KooWDamh9VpT625RNzUZBYBs5cYQscMcbhnNDJrUirV2qBGq";

describe("parseProviders", () => {
  const gathered = (texts: readonly string[], self = "self"): string[][] =>
    parseProviders(texts, self).map(({ peerId, addresses }) => [peerId, ...addresses.map(String)]);

  it("gathers the addresses of each peer, in the order given", () => {
    const bobs = [`/ip4/10.0.0.1/tcp/1/p2p/${bob}`, `/ip6/::1/tcp/3/p2p/${bob}`];
    const alices = [`/dns4/a.example/tcp/2/p2p/${alice}`];
    expect(gathered([...bobs, ...alices])).to.deep.equal([
      [bob, ...bobs],
      [alice, ...alices],
    ]);
  });

  it("leaves out what a later contact says of a peer that has been named before", () => {
    const bobs = [`/ip4/10.0.0.1/tcp/1/p2p/${bob}`];
    const alices = [`/dns4/a.example/tcp/2/p2p/${alice}`];
    const dead = `/ip4/192.0.2.1/tcp/3/p2p/${bob}`;
    for (const between of [alices, [`/ip4/127.0.0.1/tcp/1/p2p/self`, ...alices]]) {
      expect(gathered([...bobs, ...between, dead])).to.deep.equal([
        [bob, ...bobs],
        [alice, ...alices],
      ]);
    }
    expect(gathered([...bobs, ...alices, dead], alice)).to.deep.equal([[bob, ...bobs]]);
  });

  it("takes eight addresses of a peer", () => {
    const texts = Array.from({ length: 9 }, (_, port) => `/ip4/10.0.0.1/tcp/${port + 1}/p2p/${bob}`);
    expect(gathered(texts)).to.deep.equal([[bob, ...texts.slice(0, 8)]]);
  });

  it("takes 256 peers with all their addresses", () => {
    const texts = Array.from({ length: 257 }, (_, index) =>
      [1, 2].map((port) => `/ip4/10.0.0.1/tcp/${port}/p2p/${peerIdOf(index)}`),
    );
    const taken = gathered(texts.flat());
    expect(taken.map(([peerId]) => peerId)).to.deep.equal(Array.from({ length: 256 }, (_, index) => peerIdOf(index)));
    expect(taken.at(-1)).to.have.length(3);
  });

  it("leaves out the store itself", () => {
    expect(parseProviders([`/ip4/127.0.0.1/tcp/1/p2p/${alice}`], alice)).to.deep.equal([]);
  });

  const useless = [
    "",
    "nonsense",
    "/ip4/127.0.0.1/tcp/1",
    `/ip4/127.0.0.1/udp/1/p2p/${alice}`,
    `/ip4/127.0.0.1/udp/1/quic-v1/p2p/${alice}`,
    `/dnsaddr/example.org/p2p/${alice}`,
    `/ip4/127.0.0.1/tcp/1/p2p/${bob}/p2p-circuit/p2p/${alice}`,
    `/ip4/127.0.0.1/tcp/99999/p2p/${alice}`,
    `/p2p/${alice}`,
  ];
  for (const text of useless) {
    it(`leaves out ${JSON.stringify(text)}`, () => {
      expect(parseProviders([text], "self")).to.deep.equal([]);
    });
  }
});
