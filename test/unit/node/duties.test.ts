import { expect } from "chai";
import { keccak256, Wallet } from "ethers";
import { pino } from "pino";

import { ColearnError } from "../../../src/errors.ts";
import { sealOf } from "../../../src/ledger/sealed-vote.ts";
import type { Transactor } from "../../../src/ledger/transactor.ts";
import type { Evaluation, MachineLearningInterface } from "../../../src/learning/interface.ts";
import type { ContactBook } from "../../../src/node/contact.ts";
import type { Context } from "../../../src/node/context.ts";
import { castDirectly, castSealed } from "../../../src/node/casting.ts";
import { propose } from "../../../src/node/duties/propose.ts";
import { reveal } from "../../../src/node/duties/reveal.ts";
import { synchronise } from "../../../src/node/duties/synchronise.ts";
import { vote } from "../../../src/node/duties/vote.ts";
import type { NodeEvent } from "../../../src/node/events.ts";
import { Journal } from "../../../src/node/journal.ts";
import { Secrets } from "../../../src/node/secrets.ts";
import { StoreError } from "../../../src/storage/errors.ts";
import type { FetchOptions, Store } from "../../../src/storage/store.ts";
import { RAW, type ContentId } from "../../../src/weights/content-id.ts";
import { encodeWeights } from "../../../src/weights/safetensors.ts";
import { specOf } from "../../../src/weights/spec.ts";
import type { Weights } from "../../../src/weights/weights.ts";

const weightsOf = (...values: number[]): Weights => ({
  tensors: [{ name: "w", dtype: "F32", shape: [values.length], data: Float32Array.from(values) }],
});
const good = weightsOf(1, 2, 3);
const id: ContentId = { digest: `0x${"a".repeat(64)}`, codec: RAW };
const wallet = new Wallet(`0x${"7".repeat(64)}`);
const secrets = new Secrets(wallet, { chain: "1:0x", contract: "0xC", experiment: 1n });
const never = new AbortController().signal;

/** A node without chain, network and model; what a test does not replace works. */
function nodeWith(replaced: {
  store?: Partial<Store>;
  transactor?: object;
  learner?: Partial<MachineLearningInterface>;
}) {
  const events: NodeEvent[] = [];
  const sent: unknown[][] = [];
  const scope = { chain: "1:0x", contract: "0xC", experiment: 1n, learner: "0xL" };
  const evaluation: Evaluation = { voteScore: 0.9, testScore: 0.8, vote: true };
  const record =
    (name: string) =>
    async (...args: unknown[]) => {
      sent.push([name, ...args]);
      return { hash: "0xhash" };
    };
  const store: Partial<Store> = {
    has: async () => true,
    get: async () => encodeWeights(good),
    add: async () => id,
    pin: async () => undefined,
    ...replaced.store,
  };
  const learner: Partial<MachineLearningInterface> = {
    proposeWeights: async () => good,
    testWeights: async () => evaluation,
    acceptWeights: async () => undefined,
    ...replaced.learner,
  };
  const transactor = {
    address: "0xL",
    vote: record("vote"),
    propose: record("propose"),
    sealVote: record("sealVote"),
    revealVote: record("revealVote"),
    ledger: {
      address: "0x00000000000000000000000000000000000000C0",
      provider: { getNetwork: async () => ({ chainId: 1n }) },
      learner: async () => ({ link: secrets.lastLink(3) }),
    },
    ...replaced.transactor,
  } as unknown as Transactor;
  const context: Context = {
    experiment: 1n,
    transactor,
    casting: castDirectly(transactor, 1n),
    keeping: { rounds: 20, lineage: false },
    secrets,
    joinTerms: {},
    config: { rounds: 3, selection: "round-robin" },
    store: store as Store,
    contacts: { providers: async () => ["/peer"] } as unknown as ContactBook,
    journal: new Journal(":memory:", scope),
    learner: learner as MachineLearningInterface,
    spec: specOf(good),
    stop: undefined,
    emit: (event) => events.push(event),
    log: pino({ level: "silent" }),
    fetchTimeoutMilliseconds: 1_000,
  };
  return { context, events, sent };
}

const ballot = { round: 4, proposal: id, proposer: "0xP", secondsLeft: 60, recorded: undefined };
const broken = async (): Promise<never> => {
  throw new Error("the endpoint is gone");
};
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("voting where the manifest limits privacy", () => {
  const privacy = { epsilon: 2, delta: 1e-5 };
  const declaring = (summary: Weights["summary"]) =>
    nodeWith({ store: { get: async () => encodeWeights({ ...good, summary }) } });

  for (const [what, summary, refusal] of [
    ["that declare more than the limit", { epsilon: 2.5, delta: 1e-5 }, "privacy-exceeded"],
    ["that declare another δ", { epsilon: 1, delta: 1e-3 }, "privacy-delta"],
    ["that declare nothing", { steps: 3 }, "privacy-undeclared"],
  ] as const) {
    it(`rejects weights ${what}, unread, with the reason`, async () => {
      const { context, events, sent } = declaring(summary);
      await vote({ ...context, privacy }, ballot, never);
      expect(sent).to.have.length(1);
      expect(sent[0]?.slice(0, 5)).to.deep.equal(["vote", 1n, 4, id, false]);
      expect(events[0]).to.include({ event: "voted", approve: false, refusal, voteScore: null });
    });
  }

  it("judges weights that declare what the limit allows, as any others", async () => {
    const { context, events } = declaring({ epsilon: 2, delta: 1e-5 });
    await vote({ ...context, privacy }, ballot, never);
    expect(events[0]).to.include({ event: "voted", approve: true, refusal: null });
  });
});

describe("voting", () => {
  it("sends what the learner judged, and tells it", async () => {
    const { context, events, sent } = nodeWith({});
    await vote(context, ballot, never);
    expect(sent).to.deep.equal([["vote", 1n, 4, id, true, 0.9]]);
    expect(events).to.have.length(1);
    expect(events[0]).to.include({
      event: "voted",
      round: 4,
      approve: true,
      voteScore: 0.9,
      testScore: 0.8,
      refusal: null,
    });
  });

  it("has written the vote down before it is sent, and sends the same again without judging again", async () => {
    let judged = 0;
    const learner = {
      testWeights: async () => {
        judged++;
        return { voteScore: 0.1 * judged, testScore: 0, vote: judged === 1 };
      },
    };
    const { context, sent } = nodeWith({ learner, transactor: { vote: broken } });
    expect(String(await failureOf(vote(context, ballot, never)))).to.match(/endpoint is gone/);
    const { vote: recorded } = context.journal.round(4);
    expect(recorded).to.deep.equal({ proposal: id, approve: true, score: 0.1 });

    // As after a restart: only the journal is left.
    const again = { vote: async (...args: unknown[]) => (sent.push(args), { hash: "0x" }) } as unknown as Transactor;
    await vote({ ...context, casting: castDirectly(again, 1n) }, { ...ballot, recorded }, never);
    expect(judged).to.equal(1);
    expect(sent).to.deep.equal([[1n, 4, id, true, 0.1]]);
  });

  it("does not sign a vote against the one that is written down", async () => {
    const { context, sent } = nodeWith({});
    context.journal.recordVote(4, { proposal: { ...id, digest: `0x${"b".repeat(64)}` }, approve: true, score: 1 });
    expect(await failureOf(vote(context, ballot, never)))
      .to.be.instanceOf(ColearnError)
      .with.property("code", "journal-conflict");
    expect(sent).to.deep.equal([]);
  });

  const refusals: [what: string, get: Store["get"], code: string][] = [
    ["bytes that are no weights", async () => new Uint8Array(100), "weights-header"],
    ["other shapes", async () => encodeWeights(weightsOf(1, 2)), "weights-shape"],
    ["NaN", async () => encodeWeights(weightsOf(1, Number.NaN, 3)), "weights-not-finite"],
    ["a file that is too large", () => Promise.reject(new StoreError("too-large", "it is")), "too-large"],
    ["a file that nobody has", () => Promise.reject(new StoreError("not-found", "nobody")), "not-found"],
    ["what is no file", () => Promise.reject(new StoreError("malformed", "a folder")), "malformed"],
  ];
  for (const [what, get, code] of refusals) {
    it(`rejects ${what}, says why, and asks no learner`, async () => {
      const { context, events, sent } = nodeWith({ store: { get }, learner: { testWeights: broken } });
      await vote(context, ballot, never);
      expect(sent).to.deep.equal([["vote", 1n, 4, id, false, Number.NaN]]);
      expect(events[0]).to.include({ approve: false, refusal: code, voteScore: null, testScore: null });
    });
  }

  for (const [what, error] of [
    ["a full disk", new StoreError("unavailable", "no space left")],
    ["a defect", new TypeError("undefined is not a function")],
  ] as const) {
    it(`does not blame the proposer for ${what} of its own`, async () => {
      const { context, sent } = nodeWith({ store: { get: () => Promise.reject(error) } });
      expect(await failureOf(vote(context, ballot, never))).to.equal(error);
      expect(sent).to.deep.equal([]);
      expect(context.journal.round(4).vote).to.equal(undefined);
    });
  }

  it("rejects weights that the learner cannot make a model of, and says why", async () => {
    const { context, events, sent } = nodeWith({
      learner: {
        testWeights: async () => {
          throw new ColearnError("weights-trees", "tree 0 splits by feature 9 of 4");
        },
      },
    });
    await vote(context, ballot, never);
    expect(sent[0]?.slice(0, 5)).to.deep.include.members(["vote", false]);
    expect(events[0]).to.include({ event: "voted", approve: false, refusal: "weights-trees", voteScore: null });
  });

  it("does not blame the proposer for a learner that crashed", async () => {
    const crashed = async () => {
      throw new ColearnError("learner-crashed", "out of memory");
    };
    const { context, sent } = nodeWith({ learner: { testWeights: crashed } });
    expect(await failureOf(vote(context, ballot, never))).to.include({ code: "learner-crashed" });
    expect(sent).to.be.empty;
  });

  it("asks once more for a file that was not found: its holder may have restarted", async () => {
    let asked = 0;
    const get = async () => {
      if (++asked === 1) throw new StoreError("not-found", "nobody");
      return encodeWeights(good);
    };
    const { context, sent } = nodeWith({ store: { get } });
    await vote(context, ballot, never);
    expect(sent[0]).to.include(true);
  });

  it("rejects a file that takes more than half of the time left, however lively it comes", async () => {
    const get = (_id: ContentId, { signal }: FetchOptions) =>
      new Promise<Uint8Array>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
    const { context, events } = nodeWith({ store: { get } });
    // The event loop must live on until the timer of the signal ends the wait.
    const alive = setInterval(() => undefined, 100);
    await vote(context, { ...ballot, secondsLeft: 2 }, never);
    clearInterval(alive);
    expect(events[0]).to.include({ approve: false, refusal: "not-found" });
  });

  it("signs nothing when the round went on meanwhile", async () => {
    const overtaken = new AbortController();
    const learner = {
      testWeights: async () => {
        overtaken.abort();
        return { voteScore: 1, testScore: 1, vote: true };
      },
    };
    const { context, sent } = nodeWith({ learner });
    expect(await failureOf(vote(context, ballot, overtaken.signal))).to.have.property("name", "AbortError");
    expect(sent).to.deep.equal([]);
    expect(context.journal.round(4).vote).to.equal(undefined);
  });
});

describe("a sealed ballot", () => {
  it("seals the vote, and reveals the same with the salt that its key gives again", async () => {
    const { context, events, sent } = nodeWith({});
    const sealing = castSealed(context.transactor, 1n, secrets);
    const address = wallet.address;
    Object.assign(context.transactor, { address });
    await vote({ ...context, casting: sealing }, ballot, never);
    const { vote: recorded } = context.journal.round(4);
    if (!recorded) throw new Error("nothing was written down");
    // As after a crash: other objects from the same key.
    const again = new Secrets(wallet, { chain: "1:0x", contract: "0xC", experiment: 1n });
    await reveal({ ...context, secrets: again }, { round: 4, recorded });

    const salt = again.salt(4, id.digest);
    const { ledger } = context.transactor;
    const scope = { chainId: 1n, contract: ledger.address, experiment: 1n, round: 4, proposal: id.digest };
    const commitment = sealOf(scope, { voter: address, approve: true, score: 0.9, salt });
    expect(sent).to.deep.equal([
      ["sealVote", 1n, 4, id, commitment],
      ["revealVote", 1n, 4, id, { voter: address, approve: true, score: 0.9, salt }],
    ]);
    expect(events.map(({ event }) => event)).to.deep.equal(["voted", "revealed"]);
  });
});

describe("proposing", () => {
  it("has stored the weights and written the proposal down before it is sent, and sends the same again", async () => {
    let trained = 0;
    const learner = { proposeWeights: async () => (trained++, good) };
    const { context } = nodeWith({ learner, transactor: { propose: broken } });
    expect(String(await failureOf(propose(context, { round: 2, recorded: undefined }, never)))).to.match(/endpoint/);
    const { proposal: recorded } = context.journal.round(2);
    expect(recorded).to.deep.equal(id);

    const { context: fresh, sent } = nodeWith({ learner });
    await propose({ ...fresh, journal: context.journal }, { round: 2, recorded }, never);
    expect(sent).to.deep.equal([["propose", 1n, 2, id, undefined]]);
    expect(trained).to.equal(1);
  });

  it("reveals the next link of its hash chain where proposers are drawn", async () => {
    const { context, sent } = nodeWith({});
    await propose({ ...context, config: { rounds: 3, selection: "random" } }, { round: 2, recorded: undefined }, never);
    const [[, , , , link] = []] = sent;
    expect(keccak256(String(link))).to.equal(secrets.lastLink(3));
  });

  it("sends nothing where the ledger has the end of another hash chain", async () => {
    const ledger = { learner: async () => ({ link: `0x${"9".repeat(64)}` }) };
    const { context, sent } = nodeWith({ transactor: { ledger } });
    const random = { ...context, config: { rounds: 3, selection: "random" as const } };
    expect(await failureOf(propose(random, { round: 2, recorded: undefined }, never))).to.have.property("code", "link");
    expect(sent).to.deep.equal([]);
  });

  it("tells its own scores, and has no vote", async () => {
    const { context, events, sent } = nodeWith({});
    await propose(context, { round: 2, recorded: undefined }, never);
    expect(events.map(({ event }) => event)).to.deep.equal(["proposed", "evaluated"]);
    expect(sent).to.have.length(1);
  });
});

describe("synchronising", () => {
  it("gives the learner the weights, keeps them, and tells its scores", async () => {
    const done: string[] = [];
    const { context, events } = nodeWith({
      store: { pin: async () => void done.push("pin") },
      learner: { acceptWeights: async () => void done.push("accept") },
    });
    await synchronise(context, { weights: id, round: 3 }, never);
    expect(done).to.deep.equal(["accept", "pin"]);
    expect(events[0]).to.include({ event: "synchronised", round: 3, voteScore: 0.9 });
  });

  it("takes no weights that fail the checks, whoever accepted them", async () => {
    const { context } = nodeWith({
      store: { get: async () => encodeWeights(weightsOf(1, Infinity, 3)) },
      learner: { acceptWeights: broken },
    });
    expect(await failureOf(synchronise(context, { weights: id, round: 3 }, never))).to.have.property(
      "code",
      "weights-not-finite",
    );
  });
});
