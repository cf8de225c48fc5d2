import { expect } from "chai";

import { looksSecret, showable, withoutKeys } from "../../../src/cli/config/showable.ts";

const KEY = "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356";
const PHRASE = "test test test test test test test test test test test junk";

describe("what may be shown", () => {
  it("is of an URL the host alone", () => {
    expect(showable("https://user:hush@rpc.example.org:8545/v3/hush?key=hush")).to.equal(
      "https://rpc.example.org:8545/…",
    );
    expect(showable("http://127.0.0.1:8545")).to.equal("http://127.0.0.1:8545");
    expect(showable("http://a.example/hush, http://b.example")).to.equal("http://a.example/…, http://b.example");
    expect(showable("wss://rpc.example.org/hush")).to.equal("wss://rpc.example.org/…");
  });

  it("is never a private key, nor the words of a wallet", () => {
    for (const secret of [KEY, `0x${KEY}`, KEY.toUpperCase(), PHRASE]) {
      expect(looksSecret(secret), secret).to.be.true;
      expect(showable(secret)).to.equal("(hidden)");
      expect(withoutKeys(secret)).to.equal("(hidden)");
    }
    expect(withoutKeys(`value '0x${KEY}' is invalid`)).to.equal("value '(hidden)' is invalid");
  });

  it("is everything else", () => {
    for (const text of ["node0", "0x5FbDB2315678afecb367f032d93F642f64180aa3", "/ip4/1.2.3.4/tcp/4001", `${KEY}00`]) {
      expect(looksSecret(text), text).to.be.false;
      expect(showable(text)).to.equal(text);
    }
  });
});
