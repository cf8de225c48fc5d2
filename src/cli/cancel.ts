import type { Command } from "commander";

import { registerTransaction } from "./transaction-command.ts";

export function register(program: Command): void {
  registerTransaction(program, {
    name: "cancel",
    description:
      "end an experiment that did not start (the coordinator; anyone after the enrolment, if too few joined)",
    example: "colearn cancel 1 --dev-account 0",
    send: (transactor, experiment) => transactor.cancel(experiment),
    done: (experiment) => `Experiment ${experiment} is cancelled.`,
    already: (experiment) => `Experiment ${experiment} is cancelled already.`,
  });
}
