/** The worker thread's side: serves one learner to the thread that started it. */
import type { Transferable } from "node:worker_threads";
import { parentPort, workerData } from "node:worker_threads";

import type { Weights } from "../../weights/weights.ts";
import type { MachineLearningInterface, WorkOptions } from "../interface.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import { recordError } from "./protocol.ts";

export interface ServedLearner {
  readonly learner: MachineLearningInterface;
  /** Anything clonable that the other side should know, for example which backend runs. */
  readonly info?: unknown;
}

/**
 * Makes the learner from the options given to `startWorkerLearner` and answers its calls until it is disposed of. Called
 * once, by the module that is the worker's entry. What `proposeWeights` returns is moved to the other thread, not copied:
 * the learner must not keep its arrays.
 */
export async function serveLearner(create: (options: unknown) => Promise<ServedLearner>): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("serveLearner() runs in a worker thread only");
  const post = (message: FromWorker, moved: Transferable[] = []): void => port.postMessage(message, moved);

  const running = new Map<number, AbortController>();
  const answer = async (learner: MachineLearningInterface, call: ToWorker & { type: "call" }): Promise<void> => {
    const { id, method, argument } = call;
    const controller = new AbortController();
    running.set(id, controller);
    const work: WorkOptions = {
      signal: controller.signal,
      onProgress: (done, total) => post({ type: "progress", id, done, total }),
    };
    try {
      const value = await invoke(learner, method, argument, work);
      post({ type: "result", id, value }, method === "proposeWeights" ? buffersOf(value as Weights) : []);
    } catch (error) {
      post({ type: "error", id, error: recordError(error) });
    } finally {
      running.delete(id);
      if (method === "dispose") port.close();
    }
  };

  let served: ServedLearner;
  try {
    served = await create(workerData);
  } catch (error) {
    post({ type: "failed", error: recordError(error) });
    return;
  }
  port.on("message", (message: ToWorker) => {
    if (message.type === "abort") running.get(message.id)?.abort();
    else void answer(served.learner, message);
  });
  post({ type: "ready", info: served.info });
}

function invoke(
  learner: MachineLearningInterface,
  method: (ToWorker & { type: "call" })["method"],
  argument: unknown,
  work: WorkOptions,
): Promise<unknown> {
  switch (method) {
    case "proposeWeights":
      return learner.proposeWeights(argument as number, work);
    case "testWeights":
      return learner.testWeights(argument as Weights, work);
    case "acceptWeights":
      return learner.acceptWeights(argument as Weights, work);
    case "currentWeights":
      return learner.currentWeights();
    case "currentModel":
      return learner.currentModel();
    case "privacyCost":
      return learner.privacyCost?.() ?? Promise.resolve(undefined);
    case "dispose":
      return learner.dispose();
  }
}

/** The memory of weights, as far as it can be moved: buffers that hold one tensor and nothing else. */
function buffersOf({ tensors }: Weights): Transferable[] {
  const whole = tensors.flatMap(({ data }) =>
    data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength ? [data.buffer] : [],
  );
  return [...new Set(whole)];
}
