import { expect } from "chai";
import { SaxesParser, type SaxesTagPlain } from "saxes";

import type { Report } from "../../../src/report/report.ts";
import { renderResults } from "../../../src/report/svg.ts";
import { largeReport, ledgerReport, localReport } from "./sample.ts";

interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly ancestors: readonly Node[];
  text: string;
}

/** Every element in the order of the document; throws where the XML is not well-formed. */
function parse(svg: string): Node[] {
  const nodes: Node[] = [];
  const open: Node[] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", (tag: SaxesTagPlain) => {
    const node = { name: tag.name, attributes: tag.attributes, ancestors: [...open], text: "" };
    nodes.push(node);
    open.push(node);
  });
  parser.on("text", (content) => {
    const node = open.at(-1);
    if (node !== undefined) node.text += content;
  });
  parser.on("closetag", () => open.pop());
  parser.write(svg).close();
  return nodes;
}

const cellsOf = (nodes: Node[]): Node[] => nodes.filter((node) => node.name === "use");
const within = (node: Node, name: string): boolean => node.ancestors.some((above) => above.attributes.class === name);
const kindsOf = (nodes: Node[]): string[] => cellsOf(nodes).map((cell) => cell.attributes.href ?? "");
const textsOf = (nodes: Node[]): string[] => nodes.filter((node) => node.name === "text").map((node) => node.text);
const ofClass = (nodes: Node[], name: string): Node[] => nodes.filter((node) => node.attributes.class === name);
/** How many points a path goes through. */
const pointsOf = (node: Node | undefined): number => node?.attributes.d?.match(/[ML]/g)?.length ?? 0;

describe("renderResults", () => {
  it("is a well-formed picture with a title and a description", () => {
    const nodes = parse(renderResults(ledgerReport()));
    expect(nodes[0]).to.deep.include({ name: "svg" });
    expect(nodes[0]?.attributes).to.include({ role: "img", xmlns: "http://www.w3.org/2000/svg" });
    expect(nodes.find((node) => node.name === "title")?.text).to.equal("mnist: 3 learners, 4 rounds");
    expect(nodes.find((node) => node.name === "desc")?.text).to.include(
      "2 of 4 rounds accepted, 1 rejected, 1 skipped",
    );
  });

  it("draws every vote, absence and proposer's outcome, round by round", () => {
    expect(kindsOf(parse(renderResults(ledgerReport())))).to.deep.equal([
      ...["#accepted", "#approve", "#approve"],
      ...["#reject", "#rejected", "#absent"],
      ...["#absent", "#absent", "#skipped"],
      ...["#accepted", "#approve", "#reject"],
    ]);
  });

  it("defines every kind of cell with a shape as well as a colour", () => {
    const nodes = parse(renderResults(ledgerReport()));
    const definitions = nodes.filter((node) => node.attributes.id !== undefined && node.name === "g");
    expect(definitions.map((node) => node.attributes.id)).to.have.members([
      ...["approve", "reject", "absent", "accepted", "rejected", "skipped"],
    ]);
    const marks = nodes.filter((node) => node.name === "path" && definitions.includes(node.ancestors.at(-1)!));
    const looks = marks.map((mark) => `${mark.attributes.d ?? ""} ${mark.ancestors.at(-1)?.attributes.id ?? ""}`);
    expect(new Set(looks.map((look) => look.split(" ")[0])).size).to.be.equal(3);
    expect(looks).to.have.length(6);
  });

  it("says each cell's meaning in words", () => {
    const titles = parse(renderResults(ledgerReport())).filter((node) => node.ancestors.at(-1)?.name === "use");
    expect(titles.map((node) => node.text)).to.include.members([
      "round 1, learner 0: proposer, accepted (vote 62.0 %, test 60.0 %)",
      "round 2, learner 2: absent",
      "round 3, learner 2: proposer, round skipped",
      "round 4, learner 2: reject (vote 94.0 %, test 92.0 %)",
    ]);
  });

  for (const [learners, rounds] of [
    [2, 1],
    [3, 4],
    [5, 15],
    [50, 200],
  ] as const) {
    it(`draws learners × rounds cells inside the picture, apart from each other: ${learners} × ${rounds}`, () => {
      const nodes = parse(renderResults(largeReport(learners, rounds)));
      const [root] = nodes;
      const cells = cellsOf(nodes);
      expect(cells).to.have.length(learners * rounds);
      const xs = [...new Set(cells.map((cell) => Number(cell.attributes.x)))].sort((a, b) => a - b);
      const ys = [...new Set(cells.map((cell) => Number(cell.attributes.y)))].sort((a, b) => a - b);
      expect([xs.length, ys.length]).to.deep.equal([rounds, learners]);
      const box = nodes.find((node) => node.name === "rect" && node.ancestors.at(-1)?.attributes.id === "approve")!;
      const [width, height] = [Number(box.attributes.width), Number(box.attributes.height)];
      expect(Math.min(width, height)).to.be.at.least(5);
      expect(Math.min(Infinity, ...xs.slice(1).map((x, at) => x - xs[at]!))).to.be.above(width);
      expect(Math.min(Infinity, ...ys.slice(1).map((y, at) => y - ys[at]!))).to.be.above(height);
      expect(xs.at(-1)! + width / 2).to.be.below(Number(root?.attributes.width));
      expect(ys.at(-1)! + height / 2).to.be.below(Number(root?.attributes.height));
    });
  }

  it("thins out labels where there is no room", () => {
    const labels = textsOf(parse(renderResults(largeReport(50, 200))));
    expect(labels).to.include.members(["learner 0", "0", "100", "200"]);
    expect(labels.filter((label) => label.startsWith("learner "))).to.have.length.below(50);
    expect(labels.filter((label) => /^\d+$/.test(label))).to.have.length.below(200);
  });

  it("escapes what comes from outside, and replaces what XML cannot hold", () => {
    const task = `<img onerror="alert('x')"> & \u0000\uD800`;
    const report: Report = { ...ledgerReport(), task, backend: "</desc><script>", contract: `"><script>` };
    report.metric = { name: "<b>&", direction: "maximise" };
    const svg = renderResults(report);
    const nodes = parse(svg);
    expect(svg).to.not.match(/<(img|script|b)\b/);
    expect(nodes.find((node) => node.name === "title")?.text).to.equal(
      `<img onerror="alert('x')"> & \uFFFD\uFFFD: 3 learners, 4 rounds`,
    );
  });

  it("loads nothing and runs nothing", () => {
    const svg = renderResults(ledgerReport());
    expect(svg.replace(`xmlns="http://www.w3.org/2000/svg"`, "")).to.not.match(
      /https?:|url\(|@import|<script|<style| on\w+=/,
    );
  });

  it("starts the mean test score at round 0 and leaves a gap in a skipped round", () => {
    const [vote, test] = ofClass(parse(renderResults(ledgerReport())), "mean");
    expect(pointsOf(vote)).to.equal(3);
    expect(pointsOf(test)).to.equal(4);
    expect(test?.attributes.d?.match(/M/g)).to.have.length(2);
  });

  it("marks rejected rounds hollow", () => {
    const points = ofClass(parse(renderResults(ledgerReport())), "point").filter((node) => !within(node, "legend"));
    const hollow = points.filter((node) => node.attributes.fill !== node.attributes.stroke);
    expect(hollow).to.have.length(2);
  });

  it("draws what learners reach alone only where the report says it", () => {
    expect(textsOf(parse(renderResults(ledgerReport())))).to.include.members([
      "alone, mean 80.0 %",
      "alone, best 85.0 %",
    ]);
    expect(ofClass(parse(renderResults(localReport())), "level")).to.have.length(0);
  });

  it("copes with scores that are null, not a number or all alike, and with no round at all", () => {
    const blank = ledgerReport();
    blank.initial = blank.final = { meanTestScore: null };
    for (const round of blank.rounds) {
      for (const vote of round.votes) Object.assign(vote, { voteScore: null, testScore: NaN });
    }
    const flat = ledgerReport();
    flat.initial = { meanTestScore: 0.5 };
    flat.rounds.length = 0;
    delete flat.individual;
    for (const report of [blank, flat]) {
      const svg = renderResults(report);
      expect(() => parse(svg)).to.not.throw();
      expect(svg).to.not.match(/NaN|Infinity|undefined|null/);
    }
  });

  it("spans the scores of any metric, below 0 and above 1 too", () => {
    const report = localReport();
    report.metric = { name: "loss", direction: "minimise" };
    report.initial = { meanTestScore: 7.5 };
    for (const round of report.rounds) {
      for (const vote of round.votes) if (vote.testScore !== null) vote.testScore = -1.5;
    }
    const nodes = parse(renderResults(report));
    const labels = textsOf(nodes);
    expect(labels).to.include("Scores by round: loss, lower is better");
    expect(labels).to.include.members(["0", "6", "−2", "8"]);
    const heights = [...(ofClass(nodes, "mean")[1]?.attributes.d ?? "").matchAll(/[ML][-\d.]+,([-\d.]+)/g)].map(
      (m) => +m[1]!,
    );
    expect(heights[0]).to.be.below(heights[1]!);
    const axis = nodes.find((node) => /^M[\d.]+,[\d.]+H[\d.]+M.*v4/.test(node.attributes.d ?? ""));
    const floor = Number(/^M[\d.]+,([\d.]+)/.exec(axis?.attributes.d ?? "")?.[1]);
    expect(Math.max(...heights)).to.be.below(floor);
    expect(floor - Math.min(...heights)).to.be.below(300);
  });

  it("keeps an accuracy's axis within 0 and 1", () => {
    const report = largeReport(3, 10);
    report.rounds.at(-1)!.votes[0]!.testScore = 1;
    report.initial = { meanTestScore: 0 };
    const labels = textsOf(parse(renderResults(report)));
    expect(labels).to.include.members(["0.0", "1.0"]);
    expect(labels).to.not.include.oneOf(["1.2", "−0.2"]);
  });

  it("gives the same picture for the same report", () => {
    expect(renderResults(ledgerReport())).to.equal(renderResults(ledgerReport()));
  });
});
