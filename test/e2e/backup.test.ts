import { cpSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { owesVote } from "../../src/ledger/ledger.ts";
import type { NodeProcess } from "../../src/demo/node-process.ts";
import { until } from "./support/colearn.ts";
import { createExperiment } from "./support/experiment.ts";
import { sideBySide } from "./support/side-by-side.ts";

/** A copy of the third node's folder after round 1 is put back after round 3, while that node owes a vote. */
async function restore(votes: "direct" | "relayed"): Promise<void> {
  const windows = ["--propose-window", "60", "--vote-window", "20"];
  const args = ["--task", "iris-mlp", "--learners", "3", "--rounds", "9", "--steps-per-proposal", "100", ...windows];
  await using experiment = await createExperiment(args);
  const { ledger, id, folder } = experiment;
  const start = (account: number) => experiment.startNode(account, ["--shard", `${account}/3`, "--votes", votes]);
  const others = [0, 1].map(start);
  const victims: NodeProcess[] = [start(2)];
  const { address } = await experiment.transactor(2);
  const see = () => ledger.snapshot(id, address);
  const home = experiment.home(2);

  await until("round 1 is settled", async () => (await see()).round > 1);
  await victims[0]?.stop();
  cpSync(home, join(folder, "backup"), { recursive: true });
  const before = start(2);
  victims.push(before);
  const tookPart = (node: NodeProcess, after: number) =>
    node.events.some((event) => (event.event === "voted" || event.event === "proposed") && event.round > after);
  await until("it took part after the copy, and owes a vote two rounds later", async () => {
    const snapshot = await see();
    const { proposer, round, index = -1 } = snapshot;
    return round >= 4 && proposer !== address && owesVote(snapshot, index) && tookPart(before, 1);
  });
  before.kill("SIGKILL");
  await until("it is dead", () => !before.running);
  renameSync(home, join(folder, "lost"));
  cpSync(join(folder, "backup"), home, { recursive: true });
  const restored = start(2);
  victims.push(restored);
  await experiment.completed();
  await until("all have finished", () => [...others, restored].every((node) => node.told("finished")));

  const log = readFileSync(join(folder, logOf(folder)), "utf8");
  const warning = log.split("\n").find((line) => line.includes("the journal is older than the ledger"));
  const round = Number(/"round":(\d+)/.exec(warning ?? "")?.[1]);
  expect(round, "the round that was open").to.be.at.least(4);
  const cast = (await ledger.votes(id)).map((vote) => `${vote.round} ${vote.voter}`);
  expect(new Set(cast).size, "votes are unique").to.equal(cast.length);
  const told = victims.flatMap(({ events }) => events.filter((event) => event.event === "voted"));
  const payloads = new Map<number, Set<string>>();
  for (const { round, weights, approve } of told) {
    payloads.set(round, (payloads.get(round) ?? new Set()).add(`${weights} ${String(approve)}`));
  }
  for (const [round, { size }] of payloads) expect(size, `payloads in round ${round}`).to.equal(1);
  expect(tookPart(restored, round), "takes part again").to.equal(true);
  if (votes === "relayed") {
    const again = restored.events.some((event) => event.event === "voted" && event.round <= round);
    expect(again, "a vote in the round that was open").to.equal(false);
  }
}

/** The log of the third node's last process. */
function logOf(folder: string): string {
  const logs = readdirSync(folder).filter((name) => /^node-2\.\d+\.log$/.test(name));
  return logs.sort((one, other) => Number(one.split(".")[1]) - Number(other.split(".")[1])).at(-1) ?? "";
}

describe("a node that is restored from an old backup", function () {
  this.timeout(300_000);

  sideBySide({
    "doubles no vote and takes part again, where it sends its votes": () => restore("direct"),
    "signs no vote in the open round and takes part again, where its votes are relayed": () => restore("relayed"),
  });
});
