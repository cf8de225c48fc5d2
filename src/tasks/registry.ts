import { UserError } from "../errors.ts";
import { iris } from "./iris/iris.ts";
import { mnist } from "./mnist/mnist.ts";
import type { Task } from "./task.ts";

/** All tasks, in the order in which lists show them. */
export const tasks: readonly Task[] = [mnist, iris];

/** @throws UserError `unknown-task` with the names there are */
export function getTask(name: string): Task {
  const task = tasks.find((known) => known.name === name);
  if (task === undefined) {
    throw new UserError("unknown-task", `no task is called ${JSON.stringify(name)}`, {
      remedy: `use one of: ${tasks.map((known) => known.name).join(", ")}`,
    });
  }
  return task;
}
