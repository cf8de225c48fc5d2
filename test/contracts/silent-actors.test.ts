import { expect } from "chai";

import { Ballot, Outcome, Phase, Selection, Status, type Config, type Snapshot } from "./ledger-contract.ts";
import {
  as,
  configOf,
  CONTACT,
  deploy,
  firstLink,
  HOUR,
  ID,
  loadFixture,
  NO_INVITATION,
  passDeadline,
  person,
  propose,
  reveal,
  seal,
  snapshot,
  vote,
  type World,
} from "./world.ts";

const LEARNERS = [0, 1, 2, 3] as const;
const ROUNDS = 5;

type Actor = (typeof LEARNERS)[number] | "coordinator" | "everyone";
type Moment = "enrolment" | "proposal" | "vote" | "reveal" | "pause";

interface Play {
  readonly world: World;
  readonly config: Partial<Config>;
  /** Who falls silent, for ever, and from when on. */
  readonly actor: Actor;
  readonly moment: Moment;
  /** Whether that moment has come. */
  silent: boolean;
}

function isSilent(play: Play, actor: Actor): boolean {
  return play.silent && (play.actor === actor || play.actor === "everyone");
}

function nameOf({ status, phase }: Snapshot): Moment | undefined {
  if (status === Status.Enrolling) return "enrolment";
  if (status === Status.Paused) return "pause";
  if (phase === Phase.Propose) return "proposal";
  if (phase === Phase.Vote) return "vote";
  return phase === Phase.Reveal ? "reveal" : undefined;
}

/** One learner does what is its duty now, unless it has none or is silent, and says whether it did. */
async function act(play: Play, learner: (typeof LEARNERS)[number]): Promise<boolean> {
  const { world, config, moment } = play;
  const seen = await snapshot(world, person(world, learner).address);
  play.silent ||= nameOf(seen) === moment;
  if (isSilent(play, learner)) return false;
  const round = Number(seen.round);
  const isIn = (set: bigint) => seen.member && ((set >> seen.index) & 1n) === 1n;
  if (seen.status === Status.Enrolling) {
    if (seen.member) return false;
    await as(world, learner).join(ID, CONTACT, firstLink(learner, config.selection), NO_INVITATION);
  } else if (seen.member && !isIn(seen.active)) {
    await as(world, learner).resume(ID);
  } else if (seen.phase === Phase.Propose && seen.proposer === person(world, learner).address) {
    await propose(world, learner, round);
  } else if (seen.phase === Phase.Vote && isIn(seen.voters & ~seen.approvals & ~seen.seals)) {
    await (config.ballot === Ballot.Sealed ? seal : vote)(world, learner, round, true);
  } else if (seen.phase === Phase.Reveal && isIn(seen.seals)) {
    await reveal(world, learner, round, true);
  } else {
    return false;
  }
  return true;
}

/** A stranger's transaction, which is all that can still lead on. */
async function leadOn(world: World): Promise<void> {
  const { status, active } = await snapshot(world);
  const ledger = world.ledger.connect(world.stranger);
  await passDeadline(world);
  if (status !== Status.Enrolling) await ledger.advance(ID);
  else if ((active & (active - 1n)) !== 0n) await ledger.startExperiment(ID);
  else await ledger.cancelExperiment(ID);
}

/** All do their duty until they fall silent; strangers lead on where nobody has anything to do. */
async function playToTheEnd(play: Play): Promise<Snapshot> {
  const { world } = play;
  for (let step = 0; step < 100; step += 1) {
    const seen = await snapshot(world);
    if (seen.status === Status.Completed || seen.status === Status.Cancelled) return seen;
    let acted = false;
    for (const learner of LEARNERS) acted = (await act(play, learner)) || acted;
    if (acted) continue;
    if (seen.status === Status.Enrolling && !isSilent(play, "coordinator")) await world.ledger.startExperiment(ID);
    else await leadOn(world);
  }
  throw new Error(`still ${JSON.stringify(await snapshot(world), (_, value) => String(value))}`);
}

async function begin(config: Partial<Config>, actor: Actor, moment: Moment): Promise<Play> {
  const world = await loadFixture(deploy);
  await world.ledger.createExperiment(await configOf(config));
  return { world, config, actor, moment, silent: moment === "enrolment" };
}

/** All learners leave during the first round, which nobody proposes: the experiment stands still. */
async function pause(world: World, config: Partial<Config>): Promise<void> {
  for (const index of LEARNERS) {
    await as(world, index).join(ID, CONTACT, firstLink(index, config.selection), NO_INVITATION);
  }
  await world.ledger.startExperiment(ID);
  for (const index of LEARNERS) await as(world, index).leaveExperiment(ID);
  await passDeadline(world);
  await world.ledger.advance(ID);
  expect((await snapshot(world)).status).to.equal(Status.Paused);
}

const variants = [Ballot.Open, Ballot.Sealed].flatMap((ballot) =>
  [Selection.RoundRobin, Selection.Random].flatMap((selection) =>
    [false, true].map((earlyDecision) => ({ ballot, selection, earlyDecision })),
  ),
);
const actors: readonly Actor[] = [...LEARNERS, "coordinator", "everyone"];

for (const { ballot, selection, earlyDecision } of variants) {
  const isSealed = ballot === Ballot.Sealed;
  const config = { rounds: ROUNDS, ballot, selection, earlyDecision, revealWindow: isSealed ? HOUR : 0 };
  const kind = [
    isSealed ? "sealed ballots" : "open ballots",
    selection === Selection.Random ? "proposers drawn" : "proposers in a circle",
    ...(earlyDecision ? ["early decision"] : []),
  ].join(", ");
  const moments: Moment[] = ["enrolment", "proposal", "vote", ...(isSealed ? ["reveal" as const] : []), "pause"];

  describe(`an experiment (${kind})`, () => {
    for (const moment of moments) {
      for (const actor of actors) {
        const who =
          typeof actor === "number" ? `learner ${actor}` : actor === "coordinator" ? "the coordinator" : actor;
        it(`ends though ${who} is silent for ever from the first ${moment} on`, async () => {
          const play = await begin(config, actor, moment);
          if (moment === "pause") await pause(play.world, config);
          const last = await playToTheEnd(play);
          const nobodyJoined = moment === "enrolment" && actor === "everyone";
          expect(last.status).to.equal(nobodyJoined ? Status.Cancelled : Status.Completed);
          await expectRounds(play, last);
        });
      }
    }
  });
}

/**
 * Where the proposer is not silent and a majority of the voters is not, a round is accepted: nobody's silence stops the
 * others. Who falls silent after its proposal, in round 1, was not silent for it; the pause follows on a skipped round 1.
 */
async function expectRounds({ world, actor, moment }: Play, last: Snapshot): Promise<void> {
  if (actor === "everyone") return;
  expect(last.round).to.equal(BigInt(ROUNDS));
  const silent = typeof actor === "number" ? person(world, actor).address : undefined;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { outcome, proposer } = await world.ledger.getRound(ID, round);
    const before = round === 1 && (moment === "vote" || moment === "reveal");
    const skipped = (moment === "pause" && round === 1) || (proposer === silent && !before);
    expect(outcome, `round ${round}`).to.equal(skipped ? Outcome.Skipped : Outcome.Accepted);
  }
}
