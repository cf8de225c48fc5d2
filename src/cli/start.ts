import type { Command } from "commander";

import { registerTransaction } from "./transaction-command.ts";

export function register(program: Command): void {
  registerTransaction(program, {
    name: "start",
    description: "open the first round before all places are taken (the coordinator; anyone after the enrolment)",
    example: "colearn start 1 --dev-account 0",
    send: (transactor, experiment) => transactor.start(experiment),
    done: (experiment) => `Experiment ${experiment} has started.`,
    already: (experiment) => `Experiment ${experiment} has started already.`,
  });
}
