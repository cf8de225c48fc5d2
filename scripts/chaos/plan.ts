/** What goes wrong, and when: drawn from a seed, so that a run can be had again. Pure. */
import { randomFrom, shuffle } from "../../src/learning/random.ts";

/** What can go wrong with a node, with how often it does beside the others. */
const ofNodes = {
  /** A node's process is gone, at any moment, and comes back. */
  kill: 3,
  /** It is gone when a transaction is in its journal and signed, and nobody has it. */
  "kill before broadcast": 2,
  /** It is gone when the endpoint has a transaction, before the node knows. */
  "kill after broadcast": 2,
  /** It is gone when it asks for the receipt. */
  "kill before receipt": 2,
  /** A node's process stands still, and goes on. */
  freeze: 3,
  /** No connection between a node and its endpoint. */
  "cut link to chain": 3,
  "slow link to chain": 2,
  /** Nobody reaches a node's store. */
  "cut link to peers": 2,
  "slow link to peers": 2,
  /** The endpoint takes a node's transactions and loses them. */
  "lose transactions": 2,
  "delay transactions": 2,
  /** The clock of a node's machine is wrong. */
  "wrong clock": 2,
  /** No room on a node's disk. */
  "full disk": 2,
} as const;

/** The same of the chain. */
const ofChain = {
  /** Blocks are replaced by others without their transactions. */
  reorganisation: 2,
  /** The chain's client is killed, and started again from what it saved. */
  "restart of the chain": 1,
  /** The chain's time goes forward. */
  "jump of the chain's time": 1,
} as const;

const weights = { ...ofNodes, ...ofChain };

export type NodeFault = keyof typeof ofNodes;
export type ChainFault = keyof typeof ofChain;
export type FaultKind = NodeFault | ChainFault;
export const faultKinds = Object.keys(weights) as FaultKind[];

export interface Fault {
  readonly kind: FaultKind;
  /** It begins when this round was first seen, and this many seconds went by. */
  readonly round: number;
  readonly after: number;
  /** How long it lasts, or how long a killed node is gone, in seconds. */
  readonly seconds: number;
  /** The nodes that it may hit: the first of them that nothing is wrong with. */
  readonly nodes: readonly number[];
  /** How much of it: blocks replaced, seconds that a clock is wrong by, … between 0 and 1 of what the kind allows. */
  readonly extent: number;
}

export function isOfChain(kind: FaultKind): kind is ChainFault {
  return kind in ofChain;
}

export interface PlanOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly rounds: number;
  readonly faults: number;
  /** What cannot be done on this machine. */
  readonly without?: readonly FaultKind[];
}

/** Within this time after the beginning of its round a fault begins. */
const SPREAD_SECONDS = 8;
const LEAST_SECONDS = 0.5;
const MOST_SECONDS = 8;
const SPREAD_OF_KILLS_SECONDS = 3;
const MOST_DEAD_SECONDS = 3;

/** A plan in the order of the rounds: faults spread over all of them, each kind at least once where there are enough. */
export function drawPlan({ seed, nodes, rounds, faults, without = [] }: PlanOptions): Fault[] {
  const random = randomFrom("chaos", seed);
  const possible = faultKinds.filter((kind) => !without.includes(kind));
  const urn = possible.flatMap((kind) => Array.from({ length: weights[kind] }, () => kind));
  const kinds = Array.from({ length: faults }, (_, at) => possible[at] ?? urn[random.below(urn.length)] ?? "kill");
  const order = shuffle(Uint32Array.from(kinds.keys()), random);
  return [...order]
    .map((drawn, place): Fault => ({
      kind: kinds[drawn] ?? "kill",
      round: 1 + Math.floor((place * rounds) / faults),
      after: random.next() * SPREAD_SECONDS,
      seconds: LEAST_SECONDS + random.next() * (MOST_SECONDS - LEAST_SECONDS),
      nodes: [
        ...shuffle(
          Uint32Array.from({ length: nodes }, (_, node) => node),
          random,
        ),
      ],
      extent: random.next(),
    }))
    .sort((a, b) => a.round - b.round || a.after - b.after);
}

/** Another node is killed in each round, and comes back; two are killed for good, in the last third. */
export function drawKills({ seed, nodes, rounds }: Pick<PlanOptions, "seed" | "nodes" | "rounds">): Fault[] {
  const random = randomFrom("kills", seed);
  const living = [
    ...shuffle(
      Uint32Array.from({ length: nodes }, (_, node) => node),
      random,
    ),
  ];
  const last = [Math.ceil((rounds * 2) / 3), Math.ceil((rounds * 5) / 6)];
  return Array.from({ length: rounds }, (_, at): Fault => {
    const round = at + 1;
    const isForGood = last.includes(round);
    const node = living.shift() ?? 0;
    if (!isForGood) living.push(node);
    const seconds = isForGood ? Infinity : LEAST_SECONDS + random.next() * MOST_DEAD_SECONDS;
    return { kind: "kill", round, after: random.next() * SPREAD_OF_KILLS_SECONDS, seconds, nodes: [node], extent: 0 };
  });
}
