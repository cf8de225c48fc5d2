import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import { Wallet } from "ethers";

import { defaultKeyFolder, findKeyFile, keyFile, requireName } from "../../../src/cli/keys/folder.ts";
import { addressIn, decryptKey, encryptKey, parseHexKey } from "../../../src/cli/keys/keystore.ts";
import { writePrivateFile } from "../../../src/cli/keys/private-file.ts";
import { UserError } from "../../../src/errors.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const FAST = 1024;
const HEX = "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356";

/** The UserError that a call or a promise ends with, as a person reads it. */
async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    expect(error).to.be.instanceOf(UserError);
    return `${(error as UserError).message} (${String((error as UserError).remedy)})`;
  }
  throw new Error("it was not refused");
}

describe("a keystore", () => {
  it("is V3, names its address, and opens with its passphrase alone", async () => {
    const wallet = Wallet.createRandom();
    const text = await encryptKey(wallet, "correct horse", FAST);
    expect((JSON.parse(text) as { version: number }).version).to.equal(3);
    expect(addressIn(text)).to.equal(wallet.address);
    expect((await decryptKey(text, "correct horse", "file")).privateKey).to.equal(wallet.privateKey);
    expect(await refusal(() => decryptKey(text, "correct mule", "file"))).to.match(/file does not open/);
  });

  it("holds nothing of the words that a new key comes from", async () => {
    const wallet = Wallet.createRandom();
    const text = await encryptKey(wallet, "correct horse", FAST);
    expect(text).not.to.match(/mnemonic/i);
    expect(text).not.to.include(wallet.privateKey.slice(2));
  });

  it("costs a guesser 128 MiB and a second where a test does not ask for less", async function () {
    this.timeout(60_000);
    const { Crypto: crypto } = JSON.parse(await encryptKey(Wallet.createRandom(), "correct horse")) as {
      Crypto: { kdf: string; kdfparams: unknown };
    };
    expect(crypto.kdf).to.equal("scrypt");
    expect(crypto.kdfparams).to.include({ n: 2 ** 17, r: 8, p: 1 });
  });

  it("tells no address when it is damaged", () => {
    for (const text of ["{", "{}", '{"address": 5}', '{"address": "0x12"}', "not a key"]) {
      expect(addressIn(text), text).to.equal(undefined);
    }
  });
});

describe("a key in hex", () => {
  it("is taken with and without 0x, and with a line's end", () => {
    for (const text of [HEX, `0x${HEX}`, `0X${HEX}\n`, `  ${HEX}\r\n`]) {
      expect(parseHexKey(text)?.privateKey).to.equal(`0x${HEX}`);
    }
  });

  it("is refused where it is no key of the curve", () => {
    for (const text of ["", "0x", HEX.slice(1), `${HEX}0`, "0".repeat(64), "f".repeat(64)]) {
      expect(parseHexKey(text), text).to.equal(undefined);
    }
  });
});

describe("a private file", () => {
  it("is its owner's alone, and so is its new folder", async () => {
    using folder = temporaryFolder();
    const umask = process.umask(0);
    try {
      const path = join(folder.path, "new", "keys", "a.json");
      await writePrivateFile(path, "text");
      expect(statSync(path).mode & 0o777).to.equal(0o600);
      expect(statSync(join(path, "..")).mode & 0o777).to.equal(0o700);
      expect(readFileSync(path, "utf8")).to.equal("text");
    } finally {
      process.umask(umask);
    }
  });

  it("is never written over another", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "a.json");
    await writePrivateFile(path, "first");
    expect(await refusal(() => writePrivateFile(path, "second"))).to.match(
      /a\.json is there already \(nothing is over/,
    );
    expect(readFileSync(path, "utf8")).to.equal("first");
  });

  it("is whole, and one of those written at once, with nothing left beside it", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "a.json");
    const texts = Array.from({ length: 16 }, (_, at) => String(at).repeat(100_000));
    const ends = await Promise.allSettled(texts.map((text) => writePrivateFile(path, text)));
    const won = ends.flatMap(({ status }, at) => (status === "fulfilled" ? [texts[at]] : []));
    expect(won).to.deep.equal([readFileSync(path, "utf8")]);
    expect(readdirSync(folder.path)).to.deep.equal(["a.json"]);
  });

  it("is refused, with what to do, where the folder is a file", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "file"), "");
    expect(await refusal(() => writePrivateFile(join(folder.path, "file", "a.json"), "x"))).to.match(
      /cannot be written/,
    );
  });
});

describe("the folder of keys", () => {
  it("is in the user's folder of settings", () => {
    expect(defaultKeyFolder({ XDG_CONFIG_HOME: "/settings" })).to.equal("/settings/colearn/keys");
    expect(defaultKeyFolder({ XDG_CONFIG_HOME: "" })).to.match(/\.config\/colearn\/keys$/);
  });

  it("takes names that are no paths and no keys", async () => {
    for (const name of ["a", "learner-1", "Learner_2"]) expect(requireName(name)).to.equal(name);
    for (const name of ["", "../a", "a/b", ".hidden", "a.json", "-a", "a b", "x".repeat(41)]) {
      expect(await refusal(() => requireName(name)), name).to.match(/is no name for a key/);
    }
  });

  it("never shows a key that was given in place of a name", async () => {
    for (const given of [HEX, `0x${HEX}`, "test ".repeat(11) + "junk"]) {
      for (const work of [() => requireName(given), () => findKeyFile(given, "/nowhere")]) {
        const told = await refusal(work);
        expect(told).to.match(/a private key was given where its file or name belongs/);
        expect(told).not.to.include(HEX);
        expect(told).not.to.include("junk");
      }
    }
  });

  it("finds a key by its file or its name, and asks which where it could be both", async () => {
    using folder = temporaryFolder();
    const keys = join(folder.path, "keys");
    mkdirSync(keys);
    writeFileSync(keyFile(keys, "alice"), "");
    expect(findKeyFile("alice", keys)).to.equal(keyFile(keys, "alice"));
    const file = join(folder.path, "file");
    writeFileSync(file, "");
    expect(findKeyFile(file, keys)).to.equal(file);
    expect(await refusal(() => findKeyFile("bob", keys))).to.match(/bob cannot be read.*has no key bob/);
    const here = process.cwd();
    process.chdir(folder.path);
    try {
      writeFileSync("alice", "");
      expect(await refusal(() => findKeyFile("alice", keys))).to.match(/a file here and the name of a key.*\.\/alice/);
      expect(findKeyFile("./alice", keys)).to.equal("./alice");
    } finally {
      process.chdir(here);
    }
  });
});
