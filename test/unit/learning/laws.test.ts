import { expect } from "chai";

import { throwIfAborted } from "../../../src/learning/abort.ts";
import type { Evaluation, MachineLearningInterface, Model, WorkOptions } from "../../../src/learning/interface.ts";
import { checkLaws, type LawFinding, type LawSubject } from "../../../src/learning/laws.ts";
import { judge } from "../../../src/learning/scores.ts";
import { checkWeights, specOf } from "../../../src/weights/spec.ts";
import type { Weights } from "../../../src/weights/weights.ts";
import { valueOf, weightsOf } from "./plus-one-learner.ts";

const metric = { name: "value", direction: "maximise", tolerance: 0 } as const;
const model = (weights = weightsOf(0)): Model => ({ format: "number", topology: { size: 1 }, weights });

/** Keeps every law: its weights are one number, training adds the round, and the larger number is the better one. */
class CountingLearner implements MachineLearningInterface {
  protected current = 0;

  async proposeWeights(round: number, { signal }: WorkOptions = {}): Promise<Weights> {
    throwIfAborted(signal);
    return weightsOf(this.current + round);
  }

  async testWeights(weights: Weights): Promise<Evaluation> {
    checkWeights(weights, specOf(weightsOf(0)));
    return judge(metric, this.scores(valueOf(weights)), this.scores(this.current));
  }

  async acceptWeights(weights: Weights): Promise<void> {
    this.current = valueOf(weights);
  }

  async currentWeights(): Promise<Weights> {
    return weightsOf(this.current);
  }

  async currentModel(): Promise<Model> {
    return model(weightsOf(this.current));
  }

  async dispose(): Promise<void> {
    // Nothing to free.
  }

  protected scores(value: number) {
    return { voteScore: value, testScore: Number.NaN };
  }
}

async function check(
  Learner: new () => MachineLearningInterface,
  more: Partial<LawSubject> = {},
): Promise<LawFinding[]> {
  const subject = { createModel: async () => model(), createLearner: async () => new Learner(), metric, ...more };
  const findings: LawFinding[] = [];
  for await (const finding of checkLaws(subject)) findings.push(finding);
  return findings;
}

/** Those that were not simply kept, as `law: what was seen`. */
function remarks(findings: readonly LawFinding[]): string[] {
  return findings
    .filter(({ outcome }) => outcome !== "kept")
    .map(({ outcome, law, detail }) => `${outcome}: ${law}: ${detail}`);
}

/** Tensors, as a learner that leaks would have them. */
let alive = 0;
const counted = { tensors: () => alive };

/** Each breaks a law in its own way, which the finding says. */
const breaches: readonly (readonly [
  what: string,
  Learner: new () => MachineLearningInterface,
  finding: RegExp,
  more?: Partial<LawSubject>,
])[] = [
  [
    "changes its weights when it proposes",
    class extends CountingLearner {
      override async proposeWeights(round: number, work?: WorkOptions) {
        const proposal = await super.proposeWeights(round, work);
        this.current = valueOf(proposal);
        return proposal;
      }
    },
    /broken: proposing does not change.*: after proposing, the current weights are others/,
  ],
  [
    "changes its weights when it tests",
    class extends CountingLearner {
      override async testWeights(weights: Weights) {
        const evaluation = await super.testWeights(weights);
        this.current = valueOf(weights);
        return evaluation;
      }
    },
    /broken: testing does not change/,
  ],
  [
    "accepts nothing",
    class extends CountingLearner {
      override async acceptWeights() {
        // Forgets them.
      }
    },
    /broken: accepting does change them.*not those that were accepted/,
  ],
  [
    "rounds what it accepts",
    class extends CountingLearner {
      override async proposeWeights(round: number) {
        return weightsOf(this.current + round + 0.25);
      }
      override async acceptWeights(weights: Weights) {
        this.current = Math.round(valueOf(weights));
      }
    },
    /broken: accepting does change them/,
  ],
  [
    "proposes its own current arrays",
    class extends CountingLearner {
      readonly #own = weightsOf(0);
      override async proposeWeights() {
        return this.#own;
      }
      override async currentWeights() {
        return this.#own;
      }
    },
    /broken: what was proposed is not the learner's any more.*takes the current weights along/,
  ],
  [
    "proposes what is no number",
    class extends CountingLearner {
      override async proposeWeights() {
        return weightsOf(Number.NaN);
      }
    },
    /broken: a proposal has exactly the tensors.*weights-not-finite|broken: a proposal.*holds NaN/,
  ],
  [
    "proposes weights of another shape",
    class extends CountingLearner {
      override async proposeWeights(): Promise<Weights> {
        return { tensors: [{ name: "value", dtype: "F32", shape: [2], data: Float32Array.of(1, 2) }] };
      }
    },
    /broken: a proposal has exactly the tensors of the model.*shape \[2\], not \[1\]/,
  ],
  [
    "trains by chance",
    class extends CountingLearner {
      override async proposeWeights() {
        return weightsOf(++Chance.drawn);
      }
    },
    /broken: the same round.*asked again after another round/,
  ],
  [
    "is another after a restart",
    class extends CountingLearner {
      readonly #number = ++Chance.drawn;
      override async proposeWeights() {
        return weightsOf(this.#number);
      }
    },
    /broken: the same round.*a new learner proposes other weights/,
  ],
  [
    "trains alike in every round",
    class extends CountingLearner {
      override async proposeWeights(_round: number, work?: WorkOptions) {
        return super.proposeWeights(1, work);
      }
    },
    /^doubtful: every round trains anew: two rounds propose the same/,
  ],
  [
    "learns nothing",
    class extends CountingLearner {
      override async proposeWeights(_round: number, work?: WorkOptions) {
        return super.proposeWeights(0, work);
      }
    },
    /^doubtful: every round trains anew: a proposal is the current weights/,
  ],
  [
    "scores no number",
    class extends CountingLearner {
      protected override scores() {
        return { voteScore: Number.NaN, testScore: 0 };
      }
    },
    /broken: scores are finite.*a vote score is NaN/,
  ],
  [
    "scores by chance",
    class extends CountingLearner {
      protected override scores() {
        return { voteScore: ++Chance.drawn, testScore: 0 };
      }
    },
    /broken: scores are finite/,
  ],
  [
    "votes against its scores",
    class extends CountingLearner {
      override async testWeights(weights: Weights) {
        const evaluation = await super.testWeights(weights);
        return { ...evaluation, vote: !evaluation.vote && valueOf(weights) !== this.current };
      }
    },
    /broken: scores are finite.*it votes false on the score 1 after 0, where value is to maximise/,
  ],
  [
    "approves everything",
    class extends CountingLearner {
      override async testWeights(weights: Weights) {
        return { voteScore: valueOf(weights), testScore: 0, vote: true };
      }
    },
    /broken: scores are finite.*its own already/,
  ],
  [
    "approves weights that are no numbers",
    class extends CountingLearner {
      override async testWeights(weights: Weights) {
        const value = valueOf(weights);
        return { voteScore: value, testScore: 0, vote: !(value <= this.current) };
      }
    },
    /broken: weights that are none of this model's.*weights that are NaN: it approves/,
  ],
  [
    "takes in what it only tested, where that is broken",
    class extends CountingLearner {
      override async testWeights(weights: Weights) {
        if (Number.isNaN(valueOf(weights))) this.current = 9;
        return super.testWeights(weights);
      }
    },
    /broken: weights that are none of this model's.*they became the current weights/,
  ],
  [
    "throws what is no error",
    class extends CountingLearner {
      override async testWeights(weights: Weights): Promise<Evaluation> {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        if (!Number.isFinite(valueOf(weights))) throw "broken";
        return super.testWeights(weights);
      }
    },
    /broken: weights that are none of this model's.*which is no error/,
  ],
  [
    "does not look at the signal",
    class extends CountingLearner {
      override async proposeWeights(round: number) {
        return super.proposeWeights(round);
      }
    },
    /broken: work that is called off.*goes on to its end/,
  ],
  [
    "never stops once it is called off",
    class extends CountingLearner {
      override async proposeWeights(round: number, work: WorkOptions = {}) {
        throwIfAborted(work.signal);
        return work.signal === undefined ? super.proposeWeights(round) : new Promise<never>(() => undefined);
      }
    },
    /broken: work that is called off.*did not stop within 0\.05 s/,
    { patienceMilliseconds: 50 },
  ],
  [
    "gives functions away",
    class extends CountingLearner {
      override async currentModel() {
        return { ...(await super.currentModel()), topology: { layer: () => 1 } };
      }
    },
    /broken: all that the learner gives.*the current model cannot be cloned/,
  ],
  [
    "leaves tensors behind",
    class extends CountingLearner {
      override async proposeWeights(round: number, work?: WorkOptions) {
        alive++;
        return super.proposeWeights(round, work);
      }
    },
    /broken: rounds leave no tensors behind: 3 rounds leave 3 tensors behind/,
    counted,
  ],
  [
    "frees nothing",
    class extends CountingLearner {
      readonly #tensor = alive++;
      override async dispose() {
        expect(this.#tensor).to.be.a("number");
      }
    },
    /broken: disposing frees.*1 tensors stay/,
    counted,
  ],
  [
    "cannot be disposed of twice",
    class extends CountingLearner {
      #disposed = false;
      override async dispose() {
        if (this.#disposed) throw new Error("gone already");
        this.#disposed = true;
      }
    },
    /broken: disposing frees.*it throws Error: gone already/,
  ],
];

/** Numbers of which none comes twice. */
const Chance = { drawn: 0 };

describe("the laws of a learner", () => {
  it("are all kept by a learner that is as it should be", async () => {
    const findings = await check(CountingLearner, counted);
    expect(remarks(findings)).to.deep.equal([]);
    expect(findings).to.have.length.above(10);
  });

  it("leave tensors out where there are none", async () => {
    expect(remarks(await check(CountingLearner))).to.deep.equal([
      "skipped: rounds leave no tensors behind: it does not compute with tfjs",
    ]);
  });

  for (const [what, Learner, finding, more] of breaches) {
    it(`find a learner that ${what}`, async () => {
      const found = remarks(await check(Learner, more));
      expect(
        found.some((remark) => finding.test(remark)),
        found.join("\n"),
      ).to.be.true;
    });
  }

  it("ask nobody whose training is private to repeat it", async () => {
    class Private extends CountingLearner {
      async privacyCost() {
        return { sampleRate: 0.1, noiseMultiplier: 1, steps: 1 };
      }
      override async proposeWeights(_round: number, { signal }: WorkOptions = {}) {
        throwIfAborted(signal);
        return weightsOf(this.current + ++Chance.drawn);
      }
    }
    expect(remarks(await check(Private, counted))).to.deep.equal([
      "skipped: the same round from the same weights gives the same proposal, in a new learner too: training is private, and its noise is never the same",
    ]);
  });

  it("find a model that is made anew each time", async () => {
    const createModel = async () => model(weightsOf(++Chance.drawn));
    expect(remarks(await check(CountingLearner, { createModel, ...counted }))[0]).to.match(
      /^broken: the model is the same.*the initial weights, or their names, are others/,
    );
  });

  it("find a topology that is no JSON, or another each time", async () => {
    const withTopology = (topology: () => unknown) => async () => ({ ...model(), topology: topology() });
    const odd = await check(CountingLearner, { createModel: withTopology(() => new Map()), ...counted });
    expect(remarks(odd)[0]).to.match(/^broken: the model is the same.*not plain JSON/);
    const named = await check(CountingLearner, {
      createModel: withTopology(() => `model_${++Chance.drawn}`),
      ...counted,
    });
    expect(remarks(named)[0]).to.match(/^doubtful: the model is the same.*may want a name/);
  });
});
