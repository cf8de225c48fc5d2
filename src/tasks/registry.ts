import { LearnerFactory } from "./factory.ts";
import { breastCancer, breastCancerLinear, breastCancerTrees } from "./breast-cancer/breast-cancer.ts";
import { cifar10 } from "./cifar10/cifar10.ts";
import { covid } from "./covid/covid.ts";
import { fashionMnist } from "./fashion-mnist/fashion-mnist.ts";
import { fraud, fraudMlp } from "./fraud/fraud.ts";
import { iris, irisMlp } from "./iris/iris.ts";
import { mnistDiffpriv } from "./mnist-diffpriv/mnist-diffpriv.ts";
import { mnist } from "./mnist/mnist.ts";
import { mnistResnet } from "./mnist-resnet/mnist-resnet.ts";
import { regression } from "./regression/regression.ts";
import { scania } from "./scania/scania.ts";
import type { ComposedTask } from "./task.ts";
import { xray } from "./xray/xray.ts";

/** All that comes with the program, in the order in which lists show it. */
export const factory = new LearnerFactory();
const all = [
  mnist,
  mnistDiffpriv,
  mnistResnet,
  fashionMnist,
  cifar10,
  xray,
  iris,
  irisMlp,
  breastCancer,
  breastCancerLinear,
  breastCancerTrees,
  fraud,
  fraudMlp,
  covid,
  scania,
  regression,
];
// Loaders first: models name those of other tasks too.
for (const loader of new Set(all.map(({ data }) => data))) factory.registerDataLoader(loader);
for (const task of all) factory.registerTask(task);

export const tasks: readonly ComposedTask[] = factory.tasks;

/** @throws UserError `unknown-task` with the names there are */
export function getTask(name: string): ComposedTask {
  return factory.task(name);
}
