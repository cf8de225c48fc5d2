/** The processes that scripts/bench/training.ts lets train in turns: tfjs backends and Keras. */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Block, type Evaluation, type Request, stepsOfBlock } from "./training-variant.ts";

const warmUpBlocks = 10;

export interface Contestant {
  /** What there is to say of it, for the table. */
  readonly remark: string;
  /** Trains a block of steps. Undefined if it cannot. */
  train(): Promise<Block | undefined>;
  /** Nothing for what does not measure it. */
  evaluate(): Promise<Partial<Evaluation>>;
  stop(): Promise<void>;
}

/** Undefined if the backend does not load. */
export async function startTfjs(workload: string, variant: string): Promise<Contestant | undefined> {
  const child = fork(new URL("./training-variant.ts", import.meta.url), [workload, variant], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaint = "";
  child.stderr?.on("data", (text: Buffer) => (complaint += text.toString()));
  const exited = once(child, "exit");
  const answer = () => Promise.race([once(child, "message"), exited.then(() => undefined)]);
  const ask = async (request: Request): Promise<unknown> => {
    if (!child.connected) return undefined;
    const answered = answer();
    child.send(request);
    const message = (await answered)?.[0] as unknown;
    if (message === undefined && !complaint.includes("not registered for backend")) {
      throw new Error(`${workload}, ${variant}: ${complaint}`);
    }
    return message;
  };
  if ((await answer()) === undefined) {
    if (variant === "node" && complaint.includes("backend-unavailable")) return undefined;
    throw new Error(`${workload}, ${variant}: ${complaint}`);
  }
  // V8 compiles what is used often; a learner's round has a hundred steps. On cpu it would take minutes.
  for (let block = 0; block < warmUpBlocks && variant !== "cpu"; block++) await ask("train");
  return {
    remark: "",
    train: async () => (await ask("train")) as Block | undefined,
    evaluate: async () => (variant === "cpu" ? {} : ((await ask("evaluate")) as Evaluation)),
    stop: async () => {
      child.disconnect();
      await exited;
    },
  };
}

/** Undefined if there is no Python with Keras. `threads`: 0 leaves their number to TensorFlow. */
export async function startKeras(workload: string, threads: number): Promise<Contestant | undefined> {
  const script = fileURLToPath(new URL("./keras-training.py", import.meta.url));
  const child = spawn(process.env.COLEARN_PYTHON ?? "python3", [script, workload, String(threads)], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => (complaint += text.toString()));
  const exited = new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<unknown> => {
    const { value } = await lines.next();
    return value === undefined ? undefined : JSON.parse(value);
  };
  const greeting = (await read()) as { version: string; way: string } | undefined;
  if (greeting === undefined) {
    await exited;
    if (complaint === "" || complaint.includes("ModuleNotFoundError")) return undefined;
    throw new Error(`${workload}, Keras: ${complaint}`);
  }
  return {
    remark: greeting.way,
    train: async () => {
      child.stdin.write(`${JSON.stringify({ steps: stepsOfBlock })}\n`);
      return (await read()) as Block | undefined;
    },
    evaluate: () => Promise.resolve({}),
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
