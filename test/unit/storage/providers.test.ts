import { expect } from "chai";

import { parseProviders } from "../../../src/storage/providers.ts";

const alice = "12D3KooWBqeJp6vaST2M7ZTHcbykbL7y3M1Wv4nkpmzbm1FQnXcK";
const bob = "12D3KooWDamh9VpT625RNzUZBYBs5cYQscMcbhnNDJrUirV2qBGq";

describe("parseProviders", () => {
  it("gathers the addresses of each peer, in the order of their first", () => {
    const providers = parseProviders(
      [`/ip4/10.0.0.1/tcp/1/p2p/${bob}`, `/dns4/a.example/tcp/2/p2p/${alice}`, `/ip6/::1/tcp/3/p2p/${bob}`],
      "self",
    );
    expect(providers.map(({ peerId, addresses }) => [peerId, addresses.length])).to.deep.equal([
      [bob, 2],
      [alice, 1],
    ]);
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
