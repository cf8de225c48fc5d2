import { LearnerFactory } from "./factory.ts";
import { breastCancer } from "./breast-cancer/breast-cancer.ts";
import { iris } from "./iris/iris.ts";
import { mnistDiffpriv } from "./mnist-diffpriv/mnist-diffpriv.ts";
import { mnist } from "./mnist/mnist.ts";
import type { ComposedTask } from "./task.ts";

/** All that comes with the program, in the order in which lists show it. */
export const factory = new LearnerFactory();
for (const task of [mnist, mnistDiffpriv, iris, breastCancer]) factory.registerTask(task);

export const tasks: readonly ComposedTask[] = factory.tasks;

/** @throws UserError `unknown-task` with the names there are */
export function getTask(name: string): ComposedTask {
  return factory.task(name);
}
