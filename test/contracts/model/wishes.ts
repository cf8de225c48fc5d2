/** What people may want to do, drawn at random, and what that is in a given state: mostly their turn, at times a mistake. */
import { hexlify, id, keccak256, toUtf8Bytes, ZeroHash } from "ethers";
import fc from "fast-check";

import { weights } from "../world.ts";
import { COORDINATOR } from "./model.ts";
import { currentWeights, indexOf } from "./questions.ts";
import type { Call, Deed, Opening, SignedBallot, State, Terms } from "./state.ts";

/** The coordinator, and six who may join. Somebody finds all places taken. */
export const PEOPLE = 7;
const FORGERIES = ["experiment", "round", "proposal", "contract", "chain", "signer", "approve"] as const;

/** `apt` is what the state waits for. `wrong` is 0 for no mistake; `name` tells weights, guests and sets of voters apart. */
export interface Wish {
  readonly verb: Deed["verb"] | "apt";
  readonly who: number;
  readonly inTurn: boolean;
  readonly approve: boolean;
  readonly name: number;
  readonly wrong: number;
  readonly way: Call["way"];
  readonly when: "soon" | "at the deadline" | "late";
  readonly delay: number;
}

const often = <T>(value: T, weight: number, others: fc.Arbitrary<T>) =>
  fc.oneof({ weight, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: others });

const VERBS = [
  ...(["invite", "join", "updateContact", "leave", "resume", "start", "cancel"] as const),
  ...(["propose", "vote", "batch", "seal", "reveal", "advance"] as const),
];

export const anyWish: fc.Arbitrary<Wish> = fc.record({
  verb: often<Wish["verb"]>("apt", 4, fc.constantFrom(...VERBS)),
  who: fc.nat(PEOPLE - 1),
  inTurn: often(true, 5, fc.constant(false)),
  approve: fc.boolean(),
  name: fc.nat(255),
  wrong: often(0, 4, fc.integer({ min: 1, max: 7 })),
  way: fc.oneof(
    { weight: 8, arbitrary: fc.constant("sent" as const) },
    { weight: 3, arbitrary: fc.constant("signed" as const) },
    { weight: 1, arbitrary: fc.constant("forged" as const) },
  ),
  when: fc.oneof(
    { weight: 14, arbitrary: fc.constant("soon" as const) },
    { weight: 1, arbitrary: fc.constant("at the deadline" as const) },
    { weight: 2, arbitrary: fc.constant("late" as const) },
  ),
  delay: fc.integer({ min: 1, max: 20 }),
});

export const anyTerms: fc.Arbitrary<Terms> = fc
  .record({
    rounds: fc.integer({ min: 1, max: 8 }),
    minLearners: fc.integer({ min: 2, max: 3 }),
    maxLearners: fc.integer({ min: 3, max: 6 }),
    approvalBps: often(5000, 1, fc.integer({ min: 0, max: 9999 })),
    proposeWindow: fc.integer({ min: 20, max: 200 }),
    voteWindow: fc.integer({ min: 20, max: 200 }),
    revealWindow: fc.integer({ min: 20, max: 200 }),
    pauseLimit: fc.integer({ min: 20, max: 200 }),
    byInvitation: often(false, 3, fc.constant(true)),
    isRandom: fc.boolean(),
    isSealed: fc.boolean(),
    early: fc.boolean(),
  })
  .map((terms) => ({ ...terms, revealWindow: terms.isSealed ? terms.revealWindow : 0, weights: weights("initial") }));

/** When a wish comes true: after the last block in any case. */
export function timeOf(state: State, wish: Wish, last: number): number {
  if (wish.when === "soon") return last + wish.delay;
  return Math.max(last + 1, state.deadline + (wish.when === "late" ? 1 : 0));
}

/** The link of a person's hash chain at a place: 0 is its end, which is given when joining. */
function linkOf(state: State, who: number, place: number): string {
  let link = id(`chain of ${who}`);
  for (let left = state.rules.rounds - place; left > 0; left -= 1) link = keccak256(link);
  return link;
}

function nextLink(state: State, who: number): string {
  const last = state.members[indexOf(state, who)]?.link;
  for (let place = 0; place < state.rules.rounds; place += 1) {
    if (linkOf(state, who, place) === last) return linkOf(state, who, place + 1);
  }
  return ZeroHash;
}

export function resolve(state: State, wish: Wish): Call {
  const [who, deed] = deedOf(state, wish, wish.verb === "apt" ? aptVerb(state, wish) : wish.verb);
  return { who, deed, way: wish.way };
}

/** What leads on from here, if those do it whose turn it is. */
function aptVerb(state: State, { name, when, delay }: Wish): Deed["verb"] {
  const { status, phase, rules, members } = state;
  const isOver = when === "late" || (when === "at the deadline" && name % 2 === 0);
  if (isOver && status !== "Enrolling") return "advance";
  if (status === "Enrolling") return members.length < rules.minLearners + (name % 3) ? "join" : "start";
  if (status === "Paused") return name % 4 === 0 ? "join" : "resume";
  if (delay === 1) return (["join", "leave", "resume"] as const)[name % 3]!;
  if (phase === "Propose") return "propose";
  if (phase === "Reveal") return "reveal";
  if (rules.isSealed) return "seal";
  return name % 3 === 0 ? "batch" : "vote";
}

function deedOf(state: State, wish: Wish, verb: Deed["verb"]): [who: number, deed: Deed] {
  const { who, inTurn, approve, name, wrong } = wish;
  const round = Math.max(state.rounds.length + (wrong === 1 ? 1 : wrong === 2 ? -1 : 0), 0);
  const open = state.rounds.at(-1);
  const proposal = wrong === 3 ? id("other weights") : ((state.rounds[round - 1] ?? open)?.proposal.digest ?? ZeroHash);
  switch (verb) {
    case "invite":
      return [wrong === 0 ? COORDINATOR : who, { verb, guest: name % PEOPLE }];
    case "join": {
      const invitation = (["signed", "signed", "none", "forged"] as const)[name % 4]!;
      const outside = [...Array(PEOPLE).keys()].filter((person) => indexOf(state, person) < 0);
      const newcomer = (inTurn ? outside[name % outside.length] : undefined) ?? who;
      return [newcomer, { verb, link: wrong === 1 ? ZeroHash : linkOf(state, newcomer, 0), invitation }];
    }
    case "updateContact":
    case "advance":
      return [who, { verb }];
    case "leave":
      return [voterFor(state, wish, "silent"), { verb }];
    case "resume": {
      const gone = state.members.filter(({ active }) => !active);
      return [(inTurn ? gone[name % gone.length]?.who : undefined) ?? who, { verb }];
    }
    case "start":
    case "cancel":
      return [inTurn ? COORDINATOR : who, { verb }];
    case "propose": {
      const proposer = inTurn ? (state.members[open?.proposer ?? -1]?.who ?? who) : who;
      const link = wrong === 6 ? linkOf(state, proposer, 0) : nextLink(state, proposer);
      return [proposer, { verb, round, weights: proposed(state, name, wrong), link }];
    }
    case "vote":
      return [voterFor(state, wish, "silent"), { verb, round, proposal, approve }];
    case "seal": {
      const voter = voterFor(state, wish, "silent");
      const opening = {
        round,
        proposal,
        voter: wrong === 4 ? who : voter,
        approve,
        salt: hexlify(toUtf8Bytes(`salt ${name}`)),
      };
      return [voter, { verb, round, proposal, opening: { ...opening, salt: keccak256(opening.salt) } }];
    }
    case "reveal":
      return [who, { verb, opening: openingFor(state, wish, round, proposal) }];
    case "batch":
      return [who, { verb, round, proposal, ballots: ballotsFor(wish), listed: name % 2 === 0 }];
  }
}

/** Weights out of a few, so that the same are proposed again; in the end of the list those that cannot be. */
function proposed(state: State, name: number, wrong: number) {
  if (wrong === 3) return currentWeights(state);
  if (wrong === 4) return { digest: ZeroHash, codec: 0x55 };
  if (wrong === 5) return { ...weights(name % 4), codec: 0x71 };
  return weights(name % 4, name % 2 === 0 ? 0x55 : 0x70);
}

/** One whose ballot is awaited, if it is anybody's turn. */
function voterFor(state: State, { who, inTurn, name }: Wish, ballot: "silent" | "sealed"): number {
  const ballots = state.rounds.at(-1)?.ballots ?? [];
  const awaited = state.members.filter((_, index) => ballots[index] === ballot);
  return (inTurn ? awaited[name % awaited.length]?.who : undefined) ?? who;
}

function openingFor(state: State, wish: Wish, round: number, proposal: string): Opening {
  const voter = voterFor(state, wish, "sealed");
  const sealed = state.rounds.at(-1)?.sealed[indexOf(state, voter)];
  const opening = sealed ?? { round, proposal, voter, approve: wish.approve, salt: ZeroHash };
  if (wish.wrong === 4) return { ...opening, approve: !opening.approve };
  if (wish.wrong === 5) return { ...opening, salt: id("another salt") };
  return wish.wrong === 0 ? { ...opening, voter } : { ...opening, voter, round, proposal };
}

/** The set of voters is the bits of the name. With a mistake, every second of them is forged. */
function ballotsFor({ name, approve, wrong, who }: Wish): SignedBallot[] {
  const forgery = FORGERIES[(wrong + who) % FORGERIES.length]!;
  return [...Array(PEOPLE).keys()]
    .filter((index) => ((name >> index) & 1) === 1)
    .map((index) => ({
      index,
      approve: (index + who) % 3 === 0 ? !approve : approve,
      forged: wrong > 3 && index % 2 === 0 ? forgery : "no",
    }));
}
