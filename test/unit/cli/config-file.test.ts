import { expect } from "chai";

import { parseConfig } from "../../../src/cli/config/file.ts";
import { nearest } from "../../../src/cli/config/nearest.ts";
import { UserError } from "../../../src/errors.ts";

describe("a configuration file", () => {
  const values = (json: string) => Object.fromEntries(parseConfig("file.json", json).values);

  it("holds text, numbers, truth and lists, each under the name of its option", () => {
    const json = { chainId: 31337, relay: true, peer: ["/a", "/b"], home: "node0", trainRatio: 0.8, maxFee: 0.5 };
    expect(values(JSON.stringify(json))).to.deep.equal(json);
  });

  it("may hold one endpoint or several", () => {
    expect(values('{"rpc": "http://a"}')).to.deep.equal({ rpc: "http://a" });
    expect(values('{"rpc": ["http://a", "http://b"]}')).to.deep.equal({ rpc: ["http://a", "http://b"] });
  });

  it("may name its schema, and start with a byte order mark", () => {
    expect(values('\uFEFF{"$schema": "https://example.org/schema.json"}')).to.deep.equal({});
  });

  function refusal(json: string): UserError {
    try {
      parseConfig("file.json", json);
    } catch (error) {
      expect(error).to.be.instanceOf(UserError);
      return error as UserError;
    }
    throw new Error("it was taken");
  }

  for (const [wrong, right] of [
    ["fetchTimeut", "fetchTimeout"],
    ["fetch-timeout", "fetchTimeout"],
    ["RPC", "rpc"],
    ["chainID", "chainId"],
    ["peers", "peer"],
    ["__proto__", "votes"],
  ] as const) {
    it(`is refused for the unknown setting ${wrong}, with the nearest known one`, () => {
      const { message, remedy } = refusal(`{"${wrong}": 1}`);
      expect(message).to.equal(`file.json has an unknown setting ${JSON.stringify(wrong)}`);
      if (wrong !== "__proto__") expect(remedy).to.include(`did you mean "${right}"?`);
    });
  }

  it("cannot hold a passphrase, an open file, or what is printed", () => {
    for (const name of ["passphrase", "keyPassword"]) {
      expect(refusal(`{"${name}": "hush-hush"}`).remedy).to.match(/a file of its own/);
    }
    for (const name of ["passphraseFd", "json", "config", "help"]) {
      expect(refusal(`{"${name}": 3}`).message).to.include(`unknown setting "${name}"`);
    }
  });

  for (const [json, complaint] of [
    ['{"chainId": "31337"}', /chainId cannot be used: .*expected number, received string/],
    ['{"chainId": 1.5}', /chainId cannot be used/],
    ['{"chainId": 0}', /chainId cannot be used: .*>=1/],
    ['{"votes": "maybe"}', /votes cannot be used: .*"direct"\|"relayed"/],
    ['{"peer": "/ip4/1.2.3.4"}', /peer cannot be used: .*expected array/],
    ['{"relay": "yes"}', /relay cannot be used: .*expected boolean/],
    ['{"home": null}', /home cannot be used: .*expected string/],
    ['{"shard": "first"}', /shard cannot be used/],
    ["[]", /file\.json holds no JSON object/],
    ["", /file\.json is not JSON/],
  ] as const) {
    it(`is refused for ${json === "" ? "nothing" : json}`, () => {
      expect(refusal(json).message).to.match(complaint);
    });
  }

  it("is never repeated in what is said of it", () => {
    for (const json of ['{"rpc": hush-hush}', '{"relay": "hush-hush"}', '{"passphrase": "hush-hush"}', "hush-hush"]) {
      const { message, remedy } = refusal(json);
      expect(`${message} ${String(remedy)}`).not.to.include("hush");
    }
  });
});

describe("the nearest name", () => {
  it("takes the fewest changed letters, whatever their case", () => {
    expect(nearest("Listne", ["announce", "listen", "peer"])).to.equal("listen");
    expect(nearest("", ["announce", "rpc"])).to.equal("rpc");
    expect(nearest("rpc", [])).to.equal(undefined);
  });

  it("is found at once for a name of any length", () => {
    expect(nearest("x".repeat(1_000_000), ["announce", "rpc"])).to.be.a("string");
  });
});
