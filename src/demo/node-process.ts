import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import type { NodeEvent } from "../node/events.ts";

/** A told event with its time, local unix milliseconds. */
export type TimedEvent = NodeEvent & { readonly time: number };

/** How long a node may take to finish the step in hand before it is killed. */
const STOP_MILLISECONDS = 15_000;

/** One learner's node, as `colearn node` in a process of its own, and what it told so far. */
export class NodeProcess {
  readonly events: TimedEvent[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  /**
   * @param colearn path of the program
   * @param args of its command `node`, without `--json`
   * @param logFile where its log goes
   * @param env variables of its environment beyond this process's
   */
  constructor(colearn: string, args: readonly string[], logFile: string, env: NodeJS.ProcessEnv = {}) {
    // The channel ends with this process: the node then stops by itself. Settings of an operator are not for it.
    const stdio = ["ignore", "pipe", "pipe", "ipc"] as const;
    this.#child = spawn(process.execPath, [colearn, "node", "--no-config", ...args, "--json"], {
      stdio: [...stdio],
      // Local chains that start in the same second are alike, and their keys are public: no lock is shared with others.
      env: { ...process.env, XDG_STATE_HOME: dirname(logFile), ...env },
    });
    this.#exited = once(this.#child, "exit").catch(() => undefined);
    this.#child.stderr?.pipe(createWriteStream(logFile));
    if (this.#child.stdout) {
      createInterface({ input: this.#child.stdout }).on("line", (line) => {
        this.events.push(JSON.parse(line) as TimedEvent);
      });
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether the node told such an event. */
  told(event: NodeEvent["event"]): boolean {
    return this.events.some((told) => told.event === event);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Lets the node finish its step, and waits until its process is gone. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.kill("SIGTERM");
    const late = new AbortController();
    const kill = sleep(STOP_MILLISECONDS, undefined, { signal: late.signal }).then(() => {
      this.kill("SIGKILL");
    });
    await this.#exited;
    late.abort();
    await kill.catch(() => undefined);
  }
}
