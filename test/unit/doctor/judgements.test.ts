import { expect } from "chai";
import { parseEther, parseUnits } from "ethers";

import { reachOf, tcpAddress } from "../../../src/doctor/addresses.ts";
import { judgeChain, judgeClock, judgeFunds } from "../../../src/doctor/chain.ts";
import { judgeContact, type Contact } from "../../../src/doctor/contact.ts";
import { examine, ok, type Finding } from "../../../src/doctor/finding.ts";
import { judgeDisk } from "../../../src/doctor/folders.ts";
import { UserError } from "../../../src/errors.ts";

const PEER = "12D3KooWMNqK1oxtfweahjygrSeW2f9c9cp3ya5VSmBdU9yAG1PN";

describe("the doctor", () => {
  const health = ({ health: found }: Finding) => found;

  it("wants a public chain's id to be said", () => {
    expect(health(judgeChain(31337, undefined))).to.equal("ok");
    expect(health(judgeChain(5, 5))).to.equal("ok");
    expect(judgeChain(5, undefined)).to.include({ health: "warning" });
    expect(judgeChain(5, undefined).remedy).to.include("--chain-id 5");
  });

  it("compares clocks, and knows that a local chain stands still", () => {
    const clock = (local: number, isLocal = false) => judgeClock({ local, chain: 1_000, isLocal });
    for (const local of [985, 1_000, 1_120]) expect(health(clock(local))).to.equal("ok");
    expect(clock(984)).to.include({ health: "warning", message: "this machine's clock is 16 s behind the chain's" });
    expect(clock(1_121).message).to.equal("the chain's last block is 121 s old");
    expect(health(clock(1_121))).to.equal("warning");
    expect(health(clock(100_000, true))).to.equal("ok");
    expect(health(clock(0, true))).to.equal("warning");
  });

  it("reckons how long funds last", () => {
    const funds = (ether: string, gwei = "10", isRelayed = false) =>
      judgeFunds("0x1", parseEther(ether), parseUnits(gwei, "gwei"), isRelayed);
    expect(health(funds("0"))).to.equal("problem");
    expect(health(funds("0", "10", true))).to.equal("ok");
    // 65 000 gas at 10 gwei: 0.00065 ether each.
    expect(funds("0.0649").message).to.match(/0x1 has 0\.0649: .* some 99 transactions/);
    expect(health(funds("0.0649"))).to.equal("warning");
    expect(health(funds("0.065"))).to.equal("ok");
    expect(funds("1000").message).to.match(/more than 10000 transactions/);
    expect(health(funds("0.000000000000000001", "0"))).to.equal("ok");
  });

  it("warns of little room, and refuses too little", () => {
    expect(judgeDisk("home", 5 * 2 ** 30)).to.include({ health: "ok", message: "5.0 GiB free for home" });
    expect(health(judgeDisk("home", 2 ** 30))).to.equal("warning");
    expect(health(judgeDisk("home", 2 ** 20))).to.equal("problem");
  });

  it("tells from where an address can be reached", () => {
    for (const [host, reach] of Object.entries({
      "ip4/127.0.0.1": "this machine",
      "ip6/::1": "this machine",
      "dns4/localhost": "this machine",
      "ip4/192.168.1.5": "this network",
      "ip4/10.0.0.1": "this network",
      "ip4/172.31.0.1": "this network",
      "ip6/fd00::1": "this network",
      "ip4/172.32.0.1": "anywhere",
      "ip4/203.0.113.7": "anywhere",
      "dns4/learner.example.org": "anywhere",
    })) {
      expect(reachOf(tcpAddress(`/${host}/tcp/4001/p2p/${PEER}`)!), host).to.equal(reach);
    }
    expect(tcpAddress("/ip4/1.2.3.4/udp/4001/quic")).to.equal(undefined);
  });

  it("makes a problem of what is thrown, with its remedy", async () => {
    const broken = await examine("store", () => Promise.reject(new UserError("x", "it broke", { remedy: "mend it" })));
    expect(broken).to.deep.equal({ check: "store", health: "problem", message: "it broke", remedy: "mend it" });
    expect(await examine("store", async () => ok("store", "fine"))).to.include({ health: "ok" });
  });
});

describe("the doctor, asked whether others reach a node", () => {
  const at = (host: string, port = 4001) => `/ip4/${host}/tcp/${port}/p2p/${PEER}`;
  const contact = (given: Partial<Contact>) =>
    judgeContact({
      announced: undefined,
      answering: given.announced ?? [],
      listen: [],
      announce: [],
      peerId: undefined,
      isLocal: false,
      ...given,
    });

  it("is content where what the ledger names answers, and is what would be announced", () => {
    const announced = [at("203.0.113.7")];
    for (const given of [
      {},
      { peerId: PEER },
      { announce: ["/ip4/203.0.113.7/tcp/4001"] },
      { listen: ["/ip4/0.0.0.0/tcp/4001"] },
      { listen: ["/ip4/0.0.0.0/tcp/0"] },
    ]) {
      expect(contact({ announced, ...given }), JSON.stringify(given)).to.include({ health: "ok" });
    }
  });

  it("warns of loopback and of private addresses, but not on a local chain", () => {
    expect(contact({ announced: [at("127.0.0.1")] }).message).to.match(/reached from this machine only/);
    expect(contact({ announced: [at("192.168.0.2")] }).message).to.match(/reached from this network only/);
    expect(contact({ announced: [at("127.0.0.1"), at("203.0.113.7")] })).to.include({ health: "ok" });
    expect(contact({ announced: [at("127.0.0.1")], isLocal: true })).to.include({ health: "ok" });
  });

  it("warns of another address, another port, another peer and of silence", () => {
    const announced = [at("203.0.113.7")];
    expect(contact({ announced, announce: ["/ip4/203.0.113.8/tcp/4001"] }).message).to.match(
      /and not .*203\.0\.113\.8/,
    );
    expect(contact({ announced, listen: ["/ip4/0.0.0.0/tcp/4002"] }).message).to.match(/and not .*4002/);
    expect(contact({ announced, peerId: "12D3Other" }).message).to.match(/names another peer/);
    expect(contact({ announced, answering: [] }).message).to.match(/nothing answers at/);
    expect(contact({ announced: [] }).message).to.match(/names no address/);
  });

  it("looks ahead, before a key has joined", () => {
    expect(contact({}).message).to.match(/reached from this machine only: loopback, the default/);
    expect(contact({ listen: ["/ip4/127.0.0.1/tcp/4001"] })).to.include({ health: "warning" });
    expect(contact({ announce: ["/dns4/learner.example.org/tcp/4001"] })).to.include({ health: "ok" });
    expect(contact({ isLocal: true })).to.include({ health: "ok" });
  });

  it("takes an address that stands for all of a machine's as reached from anywhere", () => {
    expect(contact({ listen: ["/ip4/0.0.0.0/tcp/4001"] })).to.include({ health: "ok" });
  });
});
