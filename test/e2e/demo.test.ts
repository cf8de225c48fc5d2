import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { reportSchema, type Report } from "../../src/report/report.ts";
import { colearn, colearnPath, npmStart, temporaryFolder } from "./support/colearn.ts";

const common = ["demo", "--rounds", "4", "--learners", "3", "--seed", "7", "--steps-per-proposal", "20", "--json"];

describe("colearn demo", function () {
  this.timeout(300_000);

  /** As a person would: the first time through npm, whose own words must not be among the JSON. */
  let run = (args: readonly string[]) => npmStart(args.slice(1));

  async function demo(...extra: string[]): Promise<{ report: Report; file: string; picture: string; logs: string }> {
    await using folder = await temporaryFolder();
    const out = join(folder.path, "run");
    const { code, stdout, stderr } = await run([...common, ...extra, "--out", out]);
    expect(code, stderr).to.equal(0);
    for (const pid of pidsIn(stderr)) expect(isGone(pid), `pid ${pid}`).to.be.true;
    const file = await readFile(join(out, "report.json"), "utf8");
    const picture = await readFile(join(out, "results.svg"), "utf8");
    return { report: reportSchema.parse(JSON.parse(stdout)), file, picture, logs: stderr };
  }

  it("decides on the ledger as in one process, vote for vote", async () => {
    const ledger = await demo();
    expect(pidsIn(ledger.logs)).to.have.length(3);
    expect(ledger.logs).to.match(/Audit: 4 rounds keep every rule, [1-5] files of weights are sound/);
    run = colearn;
    const local = await demo("--driver", "local");

    const decisions = ({ rounds }: Report) =>
      rounds.map(({ round, proposer, status, votes }) => ({
        round,
        proposer,
        status,
        votes: votes.map(({ learner, approve, voteScore, testScore }) => ({ learner, approve, voteScore, testScore })),
      }));
    expect(decisions(ledger.report)).to.deep.equal(decisions(local.report));
    expect(ledger.report.rounds.map(({ proposer }) => proposer)).to.deep.equal([0, 1, 2, 0]);
    expect(ledger.report.initial).to.deep.equal(local.report.initial);
    expect(ledger.report.final.meanTestScore).to.equal(local.report.final.meanTestScore);

    // What only a ledger has is there with it, and only with it.
    for (const { gasUsed, votes, weights, proposer } of ledger.report.rounds) {
      expect(gasUsed).to.be.greaterThan(100_000);
      expect(weights).to.match(/^bafk/);
      for (const { tx, learner } of votes) expect(tx === null).to.equal(learner === proposer);
    }
    expect(local.report).not.to.have.any.keys("contract", "chainId", "experimentId");

    // The files hold what standard output held, and the picture every cell.
    expect(JSON.parse(ledger.file)).to.deep.equal(ledger.report);
    const { rounds, learners } = ledger.report;
    const cells = ledger.picture.match(/<title>round \d+, learner \d+/g) ?? [];
    expect(cells).to.have.length(rounds.length * learners.length);
  });

  it("leaves no process behind when it is interrupted", async () => {
    await using folder = await temporaryFolder();
    const script = `
      import { spawn } from "node:child_process";
      const [cli, ...args] = process.argv.slice(1);
      const child = spawn(process.execPath, [cli, ...args], { stdio: ["ignore", "pipe", "pipe"] });
      let text = "";
      child.stderr.on("data", (chunk) => {
        text += chunk;
        if (/pids/.test(text) && !child.killed) child.kill("SIGINT");
      });
      child.on("close", (code) => process.stdout.write(JSON.stringify({ code, text })));
    `;
    const args = ["--input-type=module", "-e", script, colearnPath, ...common, "--rounds", "50", "--out", folder.path];
    const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    const { code, text } = JSON.parse(stdout) as { code: number; text: string };
    expect(text).to.match(/error: interrupted/);
    expect(code).to.equal(2);
    expect(pidsIn(text)).to.have.length(3);
    for (const pid of pidsIn(text)) expect(isGone(pid), `pid ${pid}`).to.be.true;
  });
});

/** The nodes' processes, as the demo names them. */
function pidsIn(text: string): number[] {
  return /pids ([\d, ]+)/.exec(text)?.[1]?.split(", ").map(Number) ?? [];
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
