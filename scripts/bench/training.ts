/**
 * Milliseconds a training step (Adam 0.001, steps compiled and warm), for each model on each backend that is present, and
 * for Keras on TensorFlow where COLEARN_PYTHON (or python3) has them: pip install -r scripts/bench/requirements.txt.
 *
 *     node scripts/bench/training.ts [--model NAME...] [--rounds 12] [--cpu] [--plain]
 *
 * Every contestant is a process of its own and trains a block of steps in its turn while the others rest, so that a busy
 * spell of the machine meets them all. A ratio is of two blocks of one round: their median steps. The table shows the median
 * of the rounds' ratios, the least and the greatest. "Private" is DP-Adam with ghost clipping.
 *
 * --cpu adds the cpu backend, whose step of a convolutional network takes many seconds; --plain adds tfjs's wasm backend as it
 * comes. COLEARN_PEER_KERNELS=file.cjs compares with other kernels: a module whose export takes tf and installs them.
 */
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { type Contestant, startKeras, startTfjs } from "./contestants.ts";
import { type Block, stepsOfBlock, workloads } from "./training-variant.ts";

const { values: options } = parseArgs({
  options: {
    model: { type: "string", multiple: true, default: Object.keys(workloads) },
    rounds: { type: "string", default: "12" },
    cpu: { type: "boolean", default: false },
    plain: { type: "boolean", default: false },
  },
});
const rounds = Number(options.rounds);
const peer = process.env.COLEARN_PEER_KERNELS;

interface Entry {
  readonly label: string;
  readonly start: (workload: string) => Promise<Contestant | undefined>;
  /** The cpu backend is too slow to take part in every round. */
  readonly once?: true;
}

const ours = "wasm";
const entries: Entry[] = [
  { label: ours, start: (workload) => startTfjs(workload, "wasm") },
  {
    label: "wasm, private",
    start: async (workload) => (workloads[workload]?.mayBePrivate ? startTfjs(workload, "private") : undefined),
  },
  { label: "Keras, one thread", start: (workload) => startKeras(workload, 1) },
  { label: "Keras, its choice of threads", start: (workload) => startKeras(workload, 0) },
  { label: "node", start: (workload) => startTfjs(workload, "node") },
  ...(peer === undefined
    ? []
    : [{ label: "wasm, peer kernels", start: (workload: string) => startTfjs(workload, peer) }]),
  ...(options.plain
    ? [{ label: "wasm, as it comes", start: (workload: string) => startTfjs(workload, "plain wasm") }]
    : []),
  ...(options.cpu
    ? [{ label: "cpu", once: true, start: (workload: string) => startTfjs(workload, "cpu") } as const]
    : []),
];

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
const figure = (value: number): string =>
  value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0);
const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

async function measure(workload: string): Promise<void> {
  const contestants: { label: string; once: boolean; contestant: Contestant; blocks: Block[] }[] = [];
  for (const { label, start, once } of entries) {
    const contestant = await start(workload);
    if (contestant !== undefined) contestants.push({ label, once: once === true, contestant, blocks: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { once, contestant, blocks } of contestants) {
      if (once && round > 0) continue;
      const block = await contestant.train();
      if (block !== undefined) blocks.push(block);
    }
  }
  const blocksOfOurs = contestants.find(({ label }) => label === ours)?.blocks ?? [];
  for (const { label, contestant, blocks } of contestants) {
    const steps = blocks.flatMap((block) => block.steps);
    const name = [label, contestant.remark].filter((part) => part !== "").join("; ");
    if (steps.length === 0) {
      console.log(row([workload, name, "cannot train it", "", "", "", "", "", ""]));
      continue;
    }
    const ratios = blocks.map(({ steps }, round) => median(blocksOfOurs[round]?.steps ?? []) / median(steps));
    const spread =
      label === ours
        ? ""
        : `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
    const processor = median(blocks.flatMap((block) => block.processor));
    const { evaluation, resident } = await contestant.evaluate();
    const times = [median(steps), Math.min(...steps), Math.max(...steps), processor].map(figure);
    console.log(
      row([workload, name, ...times, spread, evaluation ? figure(evaluation) : "", resident ? figure(resident) : ""]),
    );
  }
  for (const { contestant } of contestants) await contestant.stop();
}

const processor = cpus()[0]?.model.trim() ?? "unknown processor";
console.log(
  `Node.js ${process.version}, ${availableParallelism()} × ${processor}, load ${figure(loadavg()[0] ?? NaN)} at the start`,
);
console.log(`${rounds} rounds of ${stepsOfBlock} steps; wasm trains on one thread.\n`);
console.log(
  row([
    "model",
    "what computes",
    "median ms",
    "min",
    "max",
    "processor ms",
    "wasm / this",
    "600 samples ms",
    "peak MB",
  ]),
);
console.log(row(new Array<string>(9).fill("---")));
for (const workload of options.model) await measure(workload);
console.log(`\nload ${figure(loadavg()[0] ?? NaN)} at the end`);
