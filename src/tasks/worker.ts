/** Entry of the worker thread that `startTaskLearner` starts. */
import { serveLearner } from "../learning/worker/serve.ts";
import type { TaskLearnerOptions } from "./task-learner.ts";
import { createTaskLearner } from "./task-learner.ts";

// The other side is startTaskLearner, whose options are of this type.
await serveLearner((options) => createTaskLearner(options as TaskLearnerOptions));
