import { expect } from "chai";

import { MAX_WAITING, Queue } from "../../../src/ledger/queue.ts";

/** Work that ends when it is told to. */
function work(done: string[], name: string) {
  let end: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    end: () => end(),
    run: async () => {
      await promise;
      done.push(name);
      return name;
    },
  };
}

describe("a key's work", () => {
  it("is done one piece after the other, the key's own before others'", async () => {
    const done: string[] = [];
    const queue = new Queue();
    const first = work(done, "other 1");
    const all = [queue.others(first.run)];
    for (const [name, add] of [
      ["other 2", (run: () => Promise<string>) => queue.others(run)],
      ["own 1", (run: () => Promise<string>) => queue.own(run)],
      ["own 2", (run: () => Promise<string>) => queue.own(run)],
    ] as const) {
      const { run, end } = work(done, name);
      end();
      all.push(add(run));
    }
    first.end();
    expect(await Promise.all(all)).to.deep.equal(["other 1", "other 2", "own 1", "own 2"]);
    expect(done).to.deep.equal(["other 1", "own 1", "own 2", "other 2"]);
  });

  it("goes on after a failure", async () => {
    const queue = new Queue();
    const failing = queue.own(() => Promise.reject(new Error("no")));
    const next = queue.own(async () => "done");
    expect(await failing.catch((error: unknown) => String(error))).to.equal("Error: no");
    expect(await next).to.equal("done");
    expect(await queue.own(async () => "again")).to.equal("again");
  });

  it("keeps a few of others' waiting and turns the rest away, but none of its own", async () => {
    const queue = new Queue();
    const { run, end } = work([], "at work");
    const waiting = Array.from({ length: 1 + MAX_WAITING }, () => queue.others(run));
    const refused = await queue.others(run).catch((error: unknown) => error);
    expect(refused).to.have.property("code", "busy");
    const own = Array.from({ length: 20 }, () => queue.own(run));
    end();
    expect(await Promise.all([...waiting, ...own])).to.have.length(21 + MAX_WAITING);
    expect(await queue.others(async () => "room again")).to.equal("room again");
  });
});
