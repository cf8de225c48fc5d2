/** Makes a fault of a plan happen, and ends it. */
import { setTimeout as sleep } from "node:timers/promises";

import type { ChaosChain } from "./chain.ts";
import { isOfChain, type ChainFault, type Fault, type FaultKind, type NodeFault } from "./plan.ts";
import type { Moment } from "./rpc-link.ts";
import type { Stakeholder } from "./stakeholder.ts";

/** What came of a fault. */
export interface Injected {
  readonly kind: FaultKind;
  /** The node that it hit; none where it hit the chain. */
  readonly node: number | undefined;
  /** When it ended, unix milliseconds. */
  readonly ended: number;
  /** From its end until all was as before, in milliseconds; not known where the experiment ended first. */
  readonly recovery: number | undefined;
}

const MAX_DEPTH = 4;
const MAX_CLOCK_SECONDS = 3_600;
const MAX_JUMP_SECONDS = 45;
const MAX_DELAY_MILLISECONDS = 3_000;
const LEAST_RATE = 2_000;
const MAX_RATE = 50_000;
/** How long a trap waits for a transaction. */
const TRAP_SECONDS = 60;
const LOOK_MILLISECONDS = 25;

export class Injector {
  readonly #chain: ChaosChain;
  readonly #stakeholders: readonly Stakeholder[];
  /** Aborted when the experiment is over: what lasts is ended, and what waits is given up. */
  readonly #over: AbortSignal;
  #isChainHit = false;

  constructor(chain: ChaosChain, stakeholders: readonly Stakeholder[], over: AbortSignal) {
    this.#chain = chain;
    this.#stakeholders = stakeholders;
    this.#over = over;
  }

  /** @returns nothing where it could not be done: nobody was there to be hit */
  async inject(fault: Fault): Promise<Injected | undefined> {
    const { kind } = fault;
    if (isOfChain(kind)) return this.#hitChain(kind, fault);
    const victim = await this.#victim(fault);
    if (victim === undefined) return undefined;
    try {
      const isHit = await this.#hit(kind, fault, victim);
      const ended = Date.now();
      if (!isHit) return undefined;
      if (victim.isDeadForGood) return { kind, node: victim.account, ended, recovery: undefined };
      const recovery = await this.#since(ended, () => {
        // Its endpoint may be silent when it starts: it ends then, and is started again.
        if (!victim.isRunning) victim.restart();
        return isBack(victim, ended);
      });
      return { kind, node: victim.account, ended, recovery };
    } finally {
      victim.isHit = false;
    }
  }

  async #hitChain(kind: ChainFault, fault: Fault): Promise<Injected | undefined> {
    // One after the other: going back while the client is gone is no fault of its own.
    while (this.#isChainHit) {
      if (this.#over.aborted) return undefined;
      await sleep(LOOK_MILLISECONDS);
    }
    this.#isChainHit = true;
    try {
      await this.#harmChain(kind, fault);
    } finally {
      this.#isChainHit = false;
    }
    const ended = Date.now();
    // All who are there have asked, and were answered.
    const living = () => this.#stakeholders.filter(({ isRunning, isHit }) => isRunning && !isHit);
    const recovery = await this.#since(ended, () => living().every(({ toChain }) => toChain.answeredAt > ended));
    return { kind, node: undefined, ended, recovery };
  }

  async #harmChain(kind: ChainFault, { extent, seconds }: Fault): Promise<void> {
    const chain = this.#chain;
    switch (kind) {
      case "reorganisation":
        return chain.reorganise(1 + Math.floor(extent * MAX_DEPTH));
      case "jump of the chain's time":
        return chain.jump(1 + Math.floor(extent * MAX_JUMP_SECONDS));
      case "restart of the chain":
        await chain.kill();
        await this.#last(seconds);
        return chain.restart();
    }
  }

  /** The first node of the plan's that nothing is wrong with; waits where there is none. It is marked as hit. */
  async #victim({ nodes }: Fault): Promise<Stakeholder | undefined> {
    while (!this.#over.aborted) {
      const free = nodes
        .map((node) => this.#stakeholders[node])
        .find((one) => one !== undefined && one.isRunning && !one.isHit);
      if (free) {
        // At once: another fault looks for its victim at the same time.
        free.isHit = true;
        return free;
      }
      if (this.#stakeholders.every(({ isDeadForGood }) => isDeadForGood)) return undefined;
      await sleep(LOOK_MILLISECONDS);
    }
    return undefined;
  }

  /** @returns whether it happened */
  async #hit(kind: NodeFault, { seconds, extent }: Fault, victim: Stakeholder): Promise<boolean> {
    const { toChain, toPeers, disk } = victim;
    switch (kind) {
      case "kill":
        return this.#kill(victim, seconds);
      case "kill before broadcast":
        return this.#trap(victim, "before broadcast", seconds);
      case "kill after broadcast":
        return this.#trap(victim, "after broadcast", seconds);
      case "kill before receipt":
        return this.#trap(victim, "before receipt", seconds);
      case "freeze":
        victim.process?.kill("SIGSTOP");
        await this.#last(seconds);
        victim.process?.kill("SIGCONT");
        return true;
      case "cut link to chain":
        toChain.cut();
        break;
      case "slow link to chain":
        toChain.delay = 100 + extent * MAX_DELAY_MILLISECONDS;
        break;
      case "lose transactions":
        toChain.transactions = "lost";
        break;
      case "delay transactions":
        toChain.transactions = "late";
        break;
      case "cut link to peers":
        toPeers.cut();
        break;
      case "slow link to peers":
        toPeers.rate = LEAST_RATE + extent * MAX_RATE;
        break;
      case "wrong clock":
        await victim.setClock((2 * extent - 1) * MAX_CLOCK_SECONDS);
        break;
      case "full disk":
        await disk?.fill();
        break;
    }
    await this.#last(seconds);
    toChain.mend();
    toPeers.mend();
    await victim.setClock(0);
    await disk?.clear();
    return true;
  }

  async #kill(victim: Stakeholder, seconds: number): Promise<true> {
    victim.process?.kill("SIGKILL");
    while (victim.isRunning) await sleep(LOOK_MILLISECONDS);
    if (seconds === Infinity) {
      victim.isDeadForGood = true;
      return true;
    }
    await this.#last(seconds);
    victim.start();
    return true;
  }

  async #trap(victim: Stakeholder, moment: Moment, seconds: number): Promise<boolean> {
    const sprung = new AbortController();
    victim.toChain.setTrap(moment, () => {
      victim.process?.kill("SIGKILL");
      sprung.abort();
    });
    const until = AbortSignal.any([sprung.signal, this.#over]);
    await sleep(TRAP_SECONDS * 1_000, undefined, { signal: until }).catch(() => undefined);
    if (victim.toChain.removeTrap()) return false;
    return this.#kill(victim, seconds);
  }

  async #last(seconds: number): Promise<void> {
    await sleep(seconds * 1_000, undefined, { signal: this.#over }).catch(() => undefined);
  }

  async #since(began: number, isOver: () => boolean): Promise<number | undefined> {
    while (!isOver()) {
      if (this.#over.aborted) return undefined;
      await sleep(LOOK_MILLISECONDS);
    }
    return Date.now() - began;
  }
}

/** Whether a node works again: a new process when it holds the current weights, another when it was answered again. */
function isBack({ process, processes, toChain }: Stakeholder, since: number): boolean {
  const isNew = processes.length > 1 && process?.events.every(({ time }) => time >= since - 1_000) === true;
  if (isNew && process.told("synchronised")) return true;
  return !isNew && toChain.answeredAt > since;
}
