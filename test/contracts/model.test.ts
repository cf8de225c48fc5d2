import { expect } from "chai";
import fc from "fast-check";

import { RealLedger } from "./model/ledger.ts";
import { apply, create, Refusal } from "./model/model.ts";
import type { Call, State } from "./model/state.ts";
import { anyTerms, anyWish, resolve, timeOf, type Wish } from "./model/wishes.ts";

/** Sequences of calls, each on a fresh ledger: few in `npm test`, many in `npm run test:deep`. */
const RUNS = Number(process.env.COLEARN_MODEL_RUNS ?? "40");
const { COLEARN_MODEL_SEED: seed } = process.env;
const CALLS = 70;

interface Model {
  state: State;
}

/** One call, on the model and on the contract: either both refuse, for the same reason, or both say the same afterwards. */
class Step implements fc.AsyncCommand<Model, RealLedger> {
  private readonly wish: Wish;
  private told = "";

  constructor(wish: Wish) {
    this.wish = wish;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, ledger: RealLedger): Promise<void> {
    const call = resolve(model.state, this.wish);
    const at = timeOf(model.state, this.wish, await ledger.now());
    this.told = `${JSON.stringify(call)} at ${at}`;
    const { state, error } = attempt(model.state, call, at);
    expect(await ledger.perform(model.state, call, at), `refusal of ${this.told}`).to.equal(error);
    model.state = state;
    await ledger.compare(state);
  }

  toString(): string {
    return this.told === "" ? JSON.stringify(this.wish) : this.told;
  }
}

function attempt(state: State, call: Call, at: number): { state: State; error: string | undefined } {
  try {
    return { state: apply(state, call, at), error: undefined };
  } catch (error) {
    if (error instanceof Refusal) return { state, error: error.message };
    throw error;
  }
}

describe("the model of the contract", () => {
  it("does, refuses and tells what the contract does, whatever people do", async function () {
    this.timeout(0);
    const steps = fc.commands([anyWish.map((wish) => new Step(wish))], { maxCommands: CALLS, size: "max" });
    await fc.assert(
      fc.asyncProperty(anyTerms, steps, async (terms, commands) => {
        const setUp = async () => {
          const { ledger, rules } = await RealLedger.create(terms);
          return { model: { state: create(rules) }, real: ledger };
        };
        await fc.asyncModelRun(setUp, commands);
      }),
      { numRuns: RUNS, ...(seed === undefined ? {} : { seed: Number(seed) }) },
    );
  });
});
