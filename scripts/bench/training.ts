/**
 * Milliseconds a training step (Adam 0.001, batch 32, one thread), for each model and each set of kernels, every variant in
 * processes of its own, taken in turns so that a busy spell of the machine meets them all.
 *
 *     node scripts/bench/training.ts [--quick]
 *
 * COLEARN_PEER_KERNELS=file.cjs compares with other kernels: a module whose export takes tf and installs them. --quick
 * leaves out the cpu backend, whose step of a convolutional network takes many seconds.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, loadavg } from "node:os";
import { type Figures, workloads } from "./training-variant.ts";

const quick = process.argv.includes("--quick");
const peer = process.env.COLEARN_PEER_KERNELS;

interface Variant {
  readonly label: string;
  readonly argument: string;
  readonly turns: number;
  readonly steps: number;
}

const variants: Variant[] = [
  { label: "wasm, our kernels", argument: "ours", turns: 3, steps: 30 },
  ...(peer === undefined ? [] : [{ label: "wasm, peer kernels", argument: peer, turns: 3, steps: 30 }]),
  // Convolutions cannot train on it: that is reported as such.
  { label: "wasm, as it comes", argument: "plain wasm", turns: 1, steps: 30 },
  ...(quick ? [] : [{ label: "cpu", argument: "cpu", turns: 1, steps: 1 }]),
];

async function run(workload: string, { argument, steps }: Variant): Promise<Figures | undefined> {
  const child = fork(new URL("./training-variant.ts", import.meta.url), [workload, argument, String(steps)], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let figures: Figures | undefined;
  let complaint = "";
  child.on("message", (message) => (figures = message as Figures));
  child.stderr?.on("data", (text: Buffer) => (complaint += text.toString()));
  await once(child, "exit");
  if (figures === undefined && !complaint.includes("not registered for backend")) {
    throw new Error(`${workload}, ${argument}: ${complaint}`);
  }
  return figures;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
const figure = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));

console.log(`Node.js ${process.version}, ${availableParallelism()} processors, load ${figure(loadavg()[0] ?? NaN)}\n`);
console.log("| model | kernels | median ms | min | max | processor ms | × ours | 600 samples ms | peak MB |");
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
for (const workload of Object.keys(workloads)) {
  const results = new Map<Variant, Figures[]>(variants.map((variant) => [variant, []]));
  for (let turn = 0; turn < 3; turn++) {
    for (const variant of variants.filter(({ turns }) => turn < turns)) {
      const figures = await run(workload, variant);
      if (figures !== undefined) results.get(variant)?.push(figures);
    }
  }
  let ours: number | undefined;
  for (const [{ label }, runs] of results) {
    const steps = runs.flatMap((result) => result.steps);
    if (steps.length === 0) {
      console.log(`| ${workload} | ${label} | cannot train it | | | | | | |`);
      continue;
    }
    const processor = median(runs.flatMap((result) => result.processor));
    // The ratio is of processor time, which other work on the machine disturbs less.
    ours ??= processor;
    const cells = [median(steps), Math.min(...steps), Math.max(...steps), processor].map(figure);
    const evaluation = Math.min(...runs.map((result) => result.evaluation));
    const resident = Math.max(...runs.map((result) => result.resident));
    const last = [(processor / ours).toFixed(2), figure(evaluation), figure(resident)];
    console.log(`| ${workload} | ${label} | ${[...cells, ...last].join(" | ")} |`);
  }
}
