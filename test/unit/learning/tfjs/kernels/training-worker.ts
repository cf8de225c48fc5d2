/** In a worker thread: trains the small network on the wasm backend and sends its weights. */
import { parentPort } from "node:worker_threads";
import { useBackend } from "../../../../../src/learning/tfjs/backend.ts";
import { smallCnn, train, weightsOf } from "./small-cnn.ts";

const { name } = await useBackend("wasm");
const model = smallCnn();
const losses = await train(model, 5);
parentPort?.postMessage({ name, losses, weights: weightsOf(model) });
