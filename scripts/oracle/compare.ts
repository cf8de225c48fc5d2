/** What two drivers made of the same experiments, side by side. */
import type { ScriptedExperiment } from "./experiments.ts";
import type { PlayedRound } from "./ours.ts";

export interface Parting {
  readonly experiment: number;
  /** From 1 upwards. */
  readonly round: number;
  readonly voters: number;
  readonly approvals: number;
  /** Whether colearn's proposer approved its own proposal. */
  readonly ownVote: boolean;
  readonly acceptedByUs: boolean;
  readonly acceptedByThem: boolean;
}

export interface Comparison {
  readonly experiments: number;
  /** Rounds compared: in an experiment whose outcomes part, those until then, since its weights differ from there on. */
  readonly rounds: number;
  readonly accepted: number;
  /** Rounds with exactly as many approvals as were asked for. */
  readonly atThreshold: number;
  /** The proposer's own vote is why one driver accepted and the other did not. */
  readonly partings: readonly Parting[];
  /** What nothing explains: must be empty. */
  readonly differences: readonly string[];
}

export function compare(
  experiments: readonly ScriptedExperiment[],
  ours: readonly (readonly PlayedRound[])[],
  theirs: readonly (readonly PlayedRound[])[],
): Comparison {
  const found = { rounds: 0, accepted: 0, atThreshold: 0, partings: [] as Parting[], differences: [] as string[] };
  for (const [number, experiment] of experiments.entries()) {
    for (let index = 0; index < experiment.rounds; index++) {
      const [our, their] = [ours[number]?.[index], theirs[number]?.[index]];
      const where = `experiment ${number}, round ${index + 1}`;
      if (our === undefined || their === undefined) {
        found.differences.push(`${where}: one driver has no such round`);
        break;
      }
      found.rounds++;
      found.differences.push(...differencesOf(our, their).map((what) => `${where}: ${what}`));
      const { atThreshold, parting } = outcomeOf(experiment, our, their);
      if (our.accepted) found.accepted++;
      if (atThreshold) found.atThreshold++;
      if (our.accepted === their.accepted) continue;
      if (parting === undefined) found.differences.push(`${where}: accepted ${our.accepted} and ${their.accepted}`);
      else found.partings.push({ experiment: number, round: index + 1, ...parting });
      break;
    }
  }
  return { experiments: experiments.length, ...found };
}

/** The proposer's own vote is left aside here: ours has none. */
function differencesOf(our: PlayedRound, their: PlayedRound): string[] {
  const differences: string[] = [];
  if (our.proposer !== their.proposer) differences.push(`proposer ${our.proposer} and ${their.proposer}`);
  if (our.scores.join() !== their.scores.join())
    differences.push(`scores ${our.scores.join()} and ${their.scores.join()}`);
  const [ourVotes, theirVotes] = [our, their].map(({ votes }) => votes.with(our.proposer, null).join());
  if (ourVotes !== theirVotes) differences.push(`votes ${ourVotes} and ${theirVotes}`);
  return differences;
}

function outcomeOf({ threshold, scores }: ScriptedExperiment, our: PlayedRound, their: PlayedRound) {
  const voters = scores.length - 1;
  const approvals = our.votes.filter((vote) => vote === true).length;
  // In whole basis points, where nothing is rounded.
  const share = Math.round(threshold * 10_000);
  const atThreshold = approvals * 10_000 === share * voters;
  const ownVote = their.votes[their.proposer] ?? null;
  if (ownVote === null) return { atThreshold, parting: undefined };
  const acceptedByUs = approvals * 10_000 >= share * voters;
  const acceptedByThem = (approvals + Number(ownVote)) * 10_000 >= share * scores.length;
  const explained = acceptedByUs === our.accepted && acceptedByThem === their.accepted;
  return {
    atThreshold,
    parting: explained ? { voters, approvals, ownVote, acceptedByUs, acceptedByThem } : undefined,
  };
}
