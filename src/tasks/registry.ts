import { LearnerFactory } from "./factory.ts";
import { iris } from "./iris/iris.ts";
import { mnist } from "./mnist/mnist.ts";
import type { Task } from "./task.ts";

/** All that comes with the program, in the order in which lists show it. */
export const factory = new LearnerFactory().registerTask(mnist).registerTask(iris);

export const tasks: readonly Task[] = factory.tasks;

/** @throws UserError `unknown-task` with the names there are */
export function getTask(name: string): Task {
  return factory.task(name);
}
