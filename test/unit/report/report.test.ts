import { expect } from "chai";

import { meanTestScore, reportSchema, summarise } from "../../../src/report/report.ts";
import { ledgerReport, localReport } from "./sample.ts";

describe("reportSchema", () => {
  it("accepts a ledger's report and a local one, also after a way through JSON", () => {
    for (const report of [ledgerReport(), localReport()]) {
      expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).to.deep.equal(report);
    }
  });

  const refused: [string, (report: ReturnType<typeof ledgerReport>) => unknown, string][] = [
    ["a key it does not know", (report) => ({ ...report, winner: 1 }), ""],
    ["a ledger's report without its chain", (report) => ({ ...report, chainId: undefined }), "chainId"],
    ["a local report with a contract", () => ({ ...localReport(), contract: "0x00" }), "contract"],
    ["a status that is none", (report) => setRound(report, { status: "won" }), "rounds.0.status"],
    ["round 0 among the rounds", (report) => setRound(report, { round: 0 }), "rounds.0.round"],
    ["a proposer that is no learner", (report) => setRound(report, { proposer: 9 }), "rounds.0.proposer"],
    ["a round that lacks a learner's entry", (report) => setVotes(report, (votes) => votes.slice(1)), "rounds.0.votes"],
    ["a round with a learner twice", (report) => setVotes(report, (v) => [v[1]!, v[1]!, v[2]!]), "rounds.0.votes"],
    [
      "a vote by the proposer",
      (report) => setVotes(report, (votes) => votes.map((vote) => ({ ...vote, approve: true }))),
      "rounds.0.votes",
    ],
    [
      "a score that is not a number",
      (report) => setVotes(report, (votes) => votes.map((vote) => ({ ...vote, testScore: NaN }))),
      "rounds.0.votes.0.testScore",
    ],
  ];
  for (const [what, change, path] of refused) {
    it(`refuses ${what}`, () => {
      const { error } = reportSchema.safeParse(change(ledgerReport()));
      expect(error?.issues.map((issue) => issue.path.join("."))).to.include(path);
    });
  }
});

describe("meanTestScore", () => {
  it("is the mean over the learners that have a score", () => {
    expect(meanTestScore([{ testScore: 0.5 }, { testScore: null }, { testScore: NaN }, { testScore: 1 }])).to.equal(
      0.75,
    );
  });

  it("is null where nobody has a score", () => {
    expect(meanTestScore([])).to.equal(null);
    expect(meanTestScore([{ testScore: null }, { testScore: NaN }])).to.equal(null);
  });
});

describe("summarise", () => {
  it("says in two lines what was reached, what it cost and where the time went", () => {
    expect(summarise(ledgerReport())).to.deep.equal([
      "mnist: mean test accuracy 10.0 % → 90.0 %; each alone 80.0 % on average, 85.0 % at best; " +
        "2 of 4 rounds accepted, 1 rejected, 1 skipped; gas 4,000 (1,000 a round)",
      "time in rounds 40.0 s: train 18.0 s (45 %), evaluate 6.0 s (15 %), store and fetch 2.0 s (5 %), ledger 2.0 s (5 %)",
    ]);
  });

  it("tells the largest ε that a learner had spent, where a budget limits it", () => {
    const report = localReport();
    const rounds = report.rounds.map((round, at) => ({ ...round, ...(at < 2 && { epsilon: 1.5 + at / 8 }) }));
    expect(reportSchema.parse({ ...report, rounds }).rounds[1]).to.include({ epsilon: 1.625 });
    expect(summarise({ ...report, rounds })[0]).to.include("; no learner spent more than ε 1.63");
  });

  it("leaves out gas, storage and ledger without a ledger", () => {
    expect(summarise(localReport())).to.deep.equal([
      "mnist: mean test accuracy 10.0 % → 90.0 %; 2 of 4 rounds accepted, 1 rejected, 1 skipped",
      "time in rounds 40.0 s: train 18.0 s (45 %), evaluate 6.0 s (15 %)",
    ]);
  });

  it("gives a metric other than accuracy as it is, and a missing score as a dash", () => {
    const report = { ...localReport(), metric: { name: "loss", direction: "minimise" as const } };
    report.initial = { meanTestScore: 2.302585 };
    report.final = { meanTestScore: null };
    expect(summarise(report)[0]).to.match(/^mnist: mean test loss 2\.303 → –; /);
  });

  it("divides by nothing when there was no round", () => {
    expect(summarise({ ...ledgerReport(), rounds: [] }).join("\n")).to.not.match(/NaN|Infinity/);
  });
});

function setRound(report: ReturnType<typeof ledgerReport>, change: object): unknown {
  return { ...report, rounds: [{ ...report.rounds[0], ...change }] };
}

type Votes = ReturnType<typeof ledgerReport>["rounds"][number]["votes"];

function setVotes(report: ReturnType<typeof ledgerReport>, change: (votes: Votes) => Votes): unknown {
  return setRound(report, { votes: change(report.rounds[0]!.votes) });
}
