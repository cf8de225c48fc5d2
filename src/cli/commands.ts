import type { Command } from "commander";

/** Each command is a module of its own, loaded only when it is asked for: most need no machine learning at all. */
export const commands: Readonly<
  Record<string, { summary: string; load: () => Promise<{ register(program: Command): void | Promise<void> }> }>
> = {
  demo: { summary: "watch learners train one model together, here and now", load: () => import("./demo.ts") },
  deploy: { summary: "deploy the contract", load: () => import("./deploy.ts") },
  create: { summary: "create an experiment", load: () => import("./create.ts") },
  invite: { summary: "let learners join an experiment by invitation", load: () => import("./invite.ts") },
  stakes: { summary: "stake a token on an experiment, and be paid", load: () => import("./stakes.ts") },
  join: { summary: "join an experiment, to run the node later", load: () => import("./join.ts") },
  start: { summary: "open the first round before all places are taken", load: () => import("./start.ts") },
  cancel: { summary: "end an experiment that did not start", load: () => import("./cancel.ts") },
  node: { summary: "run a learner's node", load: () => import("./node.ts") },
  relay: { summary: "send what learners without funds sign", load: () => import("./relay.ts") },
  leave: { summary: "stop taking part in an experiment", load: () => import("./leave.ts") },
  status: { summary: "show an experiment's learners, rounds and votes", load: () => import("./status.ts") },
  audit: { summary: "check an experiment's rounds and weights again", load: () => import("./audit.ts") },
  export: { summary: "take the trained model home", load: () => import("./export.ts") },
  resume: { summary: "go on from an experiment's weights", load: () => import("./resume.ts") },
  init: { summary: "write a project with a learner of your own", load: () => import("./init.ts") },
  learner: { summary: "check a learner of your own", load: () => import("./learner-command.ts") },
  key: { summary: "make, import and list keys", load: () => import("./key-command.ts") },
  tasks: { summary: "list what can be learned, with which data", load: () => import("./tasks.ts") },
  data: { summary: "fetch, split and check a task's data", load: () => import("./data-command.ts") },
  config: { summary: "show all settings, and where each comes from", load: () => import("./config.ts") },
  doctor: { summary: "check all that a node needs, and say what to do", load: () => import("./doctor.ts") },
};
