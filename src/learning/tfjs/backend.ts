/**
 * Which tfjs backend computes: tfjs-node (TensorFlow's C library) if it is installed and loads, else WebAssembly with our
 * training kernels, else plain JavaScript. Figures for each are in docs/backends.md.
 *
 * Everything here imports @tensorflow/tfjs-core and the backends by name. All are CommonJS and resolve to one core, so there
 * is one registry of kernels and backends.
 */
import { createRequire } from "node:module";
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { UserError } from "../../errors.ts";

/** The names under which the backends register. tfjs-node's is "tensorflow". */
export type BackendName = "tensorflow" | "wasm" | "cpu";

export type BackendChoice = "auto" | "node" | "wasm" | "cpu";

export interface Backend {
  readonly name: BackendName;
  /** Of the backend's package. */
  readonly version: string;
  /** For people and logs. */
  readonly description: string;
}

interface Candidate {
  /** Loads the package and makes it tfjs's backend. Throws if it cannot. */
  readonly start: () => Promise<Backend>;
  readonly remedy: string;
}

const candidates: Readonly<Record<Exclude<BackendChoice, "auto">, Candidate>> = {
  node: {
    start: startNode,
    remedy: "Install the optional package (npm install @tensorflow/tfjs-node), or choose wasm, cpu or auto.",
  },
  wasm: { start: startWasm, remedy: "Use a Node.js whose WebAssembly has SIMD, or choose cpu or auto." },
  cpu: { start: startCpu, remedy: "Install the dependencies again (npm ci)." },
};

const bestFirst = ["node", "wasm", "cpu"] as const;

/**
 * Makes the chosen backend tfjs's current one; "auto" takes the best that loads.
 * @throws UserError `backend-unknown`, or `backend-unavailable` if the one asked for does not load.
 */
export async function useBackend(choice: BackendChoice = "auto"): Promise<Backend> {
  // Else the cpu backend greets people on the console, and every replaced kernel is announced.
  tf.enableProdMode();
  const wanted = choice === "auto" ? bestFirst : bestFirst.filter((name) => name === choice);
  if (wanted.length === 0) {
    throw new UserError("backend-unknown", `there is no backend "${choice}"`, {
      remedy: `Choose auto, ${bestFirst.join(", ")}.`,
    });
  }
  const causes: unknown[] = [];
  for (const name of wanted) {
    try {
      return await candidates[name].start();
    } catch (cause) {
      causes.push(cause);
    }
  }
  const last = wanted.at(-1) ?? "cpu";
  throw new UserError("backend-unavailable", `the tfjs backend "${last}" does not load`, {
    remedy: candidates[last].remedy,
    cause: causes.at(-1),
  });
}

async function startNode(): Promise<Backend> {
  // tfjs-node 4.22 calls it; Node.js 23 took it away.
  const legacy = util as typeof util & { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const require = createRequire(import.meta.url);
  const { version } = require("@tensorflow/tfjs-node") as { version: Record<string, string> };
  await select("tensorflow");
  return named("tensorflow", "tfjs-node", version["tfjs-node"] ?? "unknown", "TensorFlow's C library");
}

async function startWasm(): Promise<Backend> {
  const { version_wasm: version } = await import("@tensorflow/tfjs-backend-wasm");
  if (!(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) throw new Error("this WebAssembly has no SIMD");
  const { installTrainingKernels } = await import("./kernels/index.ts");
  installTrainingKernels();
  await withoutNewCrashHandlers(() => select("wasm"));
  return named("wasm", "tfjs-backend-wasm", version, "SIMD, our training kernels, one thread");
}

async function startCpu(): Promise<Backend> {
  const { version_cpu: version } = await import("@tensorflow/tfjs-backend-cpu");
  await select("cpu");
  return named("cpu", "tfjs-backend-cpu", version, "plain JavaScript, slow");
}

async function select(name: BackendName): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`tf.setBackend("${name}") failed`);
  await tf.ready();
}

function named(name: BackendName, packageName: string, version: string, what: string): Backend {
  return { name, version, description: `${packageName} ${version} (${what})` };
}

/**
 * Emscripten's start-up code listens for uncaught exceptions and rejections of the whole process, only to throw them again
 * from its own minified source. They are none of its business.
 */
async function withoutNewCrashHandlers(start: () => Promise<void>): Promise<void> {
  const events = ["uncaughtException", "unhandledRejection"];
  const before = new Map(events.map((event) => [event, process.listeners(event as NodeJS.Signals)]));
  try {
    await start();
  } finally {
    for (const event of events) {
      for (const listener of process.listeners(event as NodeJS.Signals)) {
        if (!before.get(event)?.includes(listener)) process.removeListener(event, listener);
      }
    }
  }
}
