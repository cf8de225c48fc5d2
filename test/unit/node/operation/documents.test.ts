import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { createMetrics } from "../../../../src/node/operation/metrics.ts";

const page = readFileSync(new URL("../../../../docs/operate.md", import.meta.url), "utf8");

describe("the page on operation", () => {
  it("has a table of all metrics, with their kinds and what they tell", async () => {
    const metrics = await createMetrics().registry.getMetricsAsJSON();
    const told = metrics
      .filter(({ name }) => name.startsWith("colearn_"))
      .map(({ name, type, help }) => [`\`${name}\``, String(type), help]);
    const rows = page
      .split("\n")
      .filter((line) => line.startsWith("| `colearn_"))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(rows).to.deep.equal(told);
  });

  it("has a unit that systemd takes, where systemd is there to ask", function () {
    const unit = /```ini\n(.*?)```/s.exec(page)?.[1] ?? "";
    expect(unit).to.include("LoadCredential=").and.include("Restart=always");
    const folder = mkdtempSync(join(tmpdir(), "colearn-unit-"));
    const file = join(folder, "colearn.service");
    // The program is elsewhere here.
    writeFileSync(file, unit.replace("/opt/colearn/node_modules/.bin/colearn", process.execPath));
    const { error, status, stderr } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    if (error) {
      process.stdout.write("    not asked: systemd-analyze is not installed\n");
      return;
    }
    expect(stderr).not.to.match(/Unknown|Failed to parse|Invalid/);
    expect(status).to.be.a("number");
  });
});

describe("the dashboard", () => {
  it("shows metrics that there are, and no others", async () => {
    const text = readFileSync(new URL("../../../../docs/grafana.json", import.meta.url), "utf8");
    const { panels } = JSON.parse(text) as { panels: { targets: { expr: string }[] }[] };
    const metrics = await createMetrics().registry.getMetricsAsJSON();
    const names = new Set(metrics.map(({ name }) => name));
    const used = panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/\b(colearn|process|nodejs)_[a-z0-9_]+/g) ?? []),
    );
    expect(used).not.to.be.empty;
    for (const name of used) {
      const known = names.has(name) || names.has(name.replace(/_(bucket|sum|count)$/, ""));
      expect(known, name).to.be.true;
    }
  });
});
