import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { UserError } from "../../../src/errors.ts";
import { reportSchema } from "../../../src/report/report.ts";
import { renderResults } from "../../../src/report/svg.ts";
import { writeReport } from "../../../src/report/write.ts";
import { ledgerReport } from "./sample.ts";

describe("writeReport", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "colearn-report-"));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it("leaves report.json and results.svg, and nothing else, in a directory it creates", async () => {
    const out = join(directory, "runs", "one");
    const files = await writeReport(out, ledgerReport());
    expect(files).to.deep.equal({ report: join(out, "report.json"), picture: join(out, "results.svg") });
    expect((await readdir(out)).sort()).to.deep.equal(["report.json", "results.svg"]);
    expect(await readFile(files.picture, "utf8")).to.equal(renderResults(ledgerReport()));
    const json = await readFile(files.report, "utf8");
    expect(json).to.match(/^\{\n {2}"task": "mnist",\n[^]*\}\n$/);
    expect(reportSchema.parse(JSON.parse(json))).to.deep.equal(ledgerReport());
  });

  it("replaces an earlier run's files", async () => {
    await writeReport(directory, ledgerReport());
    const files = await writeReport(directory, { ...ledgerReport(), seed: 8 });
    expect(JSON.parse(await readFile(files.report, "utf8"))).to.include({ seed: 8 });
    expect(await readdir(directory)).to.have.length(2);
  });

  it("writes a score that is not a number as null", async () => {
    const report = { ...ledgerReport(), initial: { meanTestScore: NaN } };
    const files = await writeReport(directory, report);
    const written = reportSchema.parse(JSON.parse(await readFile(files.report, "utf8")));
    expect(written.initial.meanTestScore).to.equal(null);
  });

  it("names the directory that cannot be written, and the way out", async () => {
    const file = join(directory, "file");
    await writeFile(file, "in the way");
    for (const out of [file, join(file, "below")]) {
      const error: unknown = await writeReport(out, ledgerReport()).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(UserError);
      expect(error).to.include({
        code: "report-not-written",
        remedy: "name a directory that can be written with --out",
      });
      expect((error as UserError).message)
        .to.include(`"${out}"`)
        .and.to.not.include("\n");
    }
  });

  it("leaves no temporary file behind when it fails", async () => {
    const files = await writeReport(directory, ledgerReport());
    await rm(files.report);
    await writeReport(join(directory, "report.json"), ledgerReport());
    const error: unknown = await writeReport(directory, ledgerReport()).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(UserError);
    expect((await readdir(directory)).sort()).to.deep.equal(["report.json", "results.svg"]);
  });
});
