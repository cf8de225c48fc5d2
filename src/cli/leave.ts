import type { Command } from "commander";

import { registerTransaction } from "./transaction-command.ts";

export function register(program: Command): void {
  registerTransaction(program, {
    name: "leave",
    description: "stop taking part from the next round on (stop the node first: a running one resumes)",
    example: "colearn leave 1 --dev-account 2",
    send: (transactor, experiment) => transactor.leave(experiment),
    done: (experiment) => `Left experiment ${experiment}; running the node again resumes.`,
    already: (experiment) => `This key takes no part in experiment ${experiment} already.`,
  });
}
