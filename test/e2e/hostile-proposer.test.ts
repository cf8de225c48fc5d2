import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { encodeContact } from "../../src/node/contact.ts";
import { fetchModel } from "../../src/node/export.ts";
import { openStore } from "../../src/node/open-store.ts";
import { RAW, type ContentId } from "../../src/weights/content-id.ts";
import { encodeWeights } from "../../src/weights/safetensors.ts";
import type { Weights } from "../../src/weights/weights.ts";
import { count, has } from "../../src/ledger/types.ts";
import { until } from "./support/colearn.ts";
import { createExperiment } from "./support/experiment.ts";

describe("a learner that proposes garbage", function () {
  this.timeout(400_000);

  it("is voted down by all others, who say why and go on", async () => {
    const rounds = 15;
    const args = ["--learners", "3", "--rounds", String(rounds), "--steps-per-proposal", "5", "--vote-window", "60"];
    await using experiment = await createExperiment(args);
    const { ledger, id, folder } = experiment;
    // The liar joins first and is learner 0: it proposes in rounds 1, 4, 7, 10 and 13.
    const liar = await experiment.transactor(2);
    await using resources = new AsyncDisposableStack();
    const store = await openStore({ home: experiment.home(2) });
    resources.defer(() => store.stop());
    await liar.join(id, encodeContact(await store.addresses()));

    const honest = [0, 1].map((account) => experiment.startNode(account, ["--fetch-timeout", "2"]));
    await until("the experiment runs", async () => (await ledger.snapshot(id)).status === "running");
    const { weights } = await fetchModel({ ledger, experiment: id, store, timeoutMilliseconds: 20_000 });

    const proposals: [what: string, refusal: string, propose: () => Promise<ContentId>][] = [
      ["random bytes", "weights-header", () => store.add(randomBytes(4_000))],
      ["wrong shapes", "weights-shape", () => store.add(encodeWeights(reshaped(weights)))],
      ["NaN", "weights-not-finite", () => store.add(encodeWeights(poisoned(weights)))],
      ["a file of 1 GB", "too-large", () => store.add(Buffer.alloc(1_000_000_000, 1))],
      [
        "a content id nobody has",
        "not-found",
        () => Promise.resolve({ digest: `0x${randomBytes(32).toString("hex")}`, codec: RAW }),
      ],
    ];
    for (const [at, [what, , propose]] of proposals.entries()) {
      const round = 1 + 3 * at;
      await until(
        `round ${round} (${what}) is open`,
        async () => {
          const snapshot = await ledger.snapshot(id, liar.address);
          // Between its own rounds the liar plays by the rules.
          const { index = -1, proposal } = snapshot;
          if (proposal && has(snapshot.voters & ~(snapshot.approvals | snapshot.rejections), index)) {
            await liar.vote(id, snapshot.round, proposal, true, 1);
          }
          return snapshot.round === round && snapshot.phase === "propose";
        },
        90,
      );
      await liar.propose(id, round, await propose());
    }
    await until("the liar's last round is settled", async () => (await ledger.snapshot(id)).round > 13, 90);

    for (const [at, [what, refusal]] of proposals.entries()) {
      const round = 1 + 3 * at;
      const { outcome, voters, rejections, proposer } = await ledger.round(id, round);
      expect(proposer).to.equal(liar.address);
      expect(outcome, what).to.equal("rejected");
      expect(count(rejections), what).to.equal(2);
      expect(rejections, what).to.equal(voters);
      for (const node of honest) {
        const voted = node.events.find((told) => told.event === "voted" && told.round === round);
        expect(voted, what).to.deep.include({ approve: false, refusal, voteScore: null });
      }
    }
    for (const [account, node] of honest.entries()) {
      expect(node.running).to.be.true;
      const log = readFileSync(join(folder, `node-${account}.${account}.log`), "utf8");
      for (const [, refusal] of proposals) expect(log).to.match(new RegExp(`"code":"${refusal}".*refused: `));
    }
    // What the honest ones proposed in between was accepted.
    expect((await ledger.snapshot(id)).weightsRound).to.be.greaterThan(1);
  });
});

function reshaped({ tensors }: Weights): Weights {
  const [first, ...rest] = tensors;
  if (first === undefined) throw new Error("there are no tensors");
  return { tensors: [{ ...first, shape: [...first.shape].reverse() }, ...rest] };
}

function poisoned({ tensors }: Weights): Weights {
  return {
    tensors: tensors.map((tensor, index) => {
      if (index !== 1 || tensor.dtype !== "F32") return tensor;
      const data = tensor.data.slice();
      data[data.length - 1] = Number.NaN;
      return { ...tensor, data };
    }),
  };
}
