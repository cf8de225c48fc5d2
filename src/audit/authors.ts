/**
 * Whether those of whom the events tell did it: each transaction that was sent to the contract itself shows, by its sender
 * or by signatures in it, who did what. So the contract cannot put words into anybody's mouth. What came through another
 * contract (a wallet, say) is the contract's word alone, and is counted.
 */
import { Signature, type TypedDataDomain } from "ethers";

import { configOf, contentId, type RawConfig, type RawContentId } from "../ledger/decode.ts";
import { isInvitationSignedByKey } from "../ledger/signed-invitation.ts";
import { sealOfMillionths } from "../ledger/sealed-vote.ts";
import { isSignedByKey } from "../ledger/signed-vote.ts";
import { has } from "../ledger/types.ts";
import { callIn, SignedCalls, type Call, type CalledContract } from "./calls.ts";
import { deviations } from "./deviations.ts";
import type { EventName, EventOf, History, LedgerEvent } from "./history.ts";
import type { Keys } from "./record.ts";
import type { Report, Rule } from "./rules.ts";

export interface AuthorsRequest {
  readonly contract: CalledContract;
  readonly chainId: bigint;
  readonly experiment: bigint;
  readonly domain: TypedDataDomain;
  readonly history: History;
  readonly keys?: Keys | undefined;
}

/** Steps by who can be shown to have taken them. */
export interface Authorship {
  /** By the sender of a transaction or by a key's signature. */
  readonly shown: number;
  /** By the contract's word alone. */
  readonly claimed: number;
}

/** Checks who did what, and reports what a transaction tells otherwise than the event. */
export function checkAuthors(request: AuthorsRequest, report: Report): Authorship {
  const witness = new Witness(request, report);
  for (const event of request.history.events) witness.hear(event);
  return { shown: witness.shown, claimed: witness.claimed };
}

/** What an event needs to be true: the method, who must have called it, and what with. */
interface Claim {
  readonly method: string;
  /** Nothing where anybody may call it. */
  readonly by?: string | undefined;
  readonly args: object;
}

/** Of `castVotesBySig`. */
interface BatchArgs {
  readonly proposal: string;
  readonly voters: bigint;
  readonly approvals: bigint;
  readonly votes: readonly { readonly score: bigint; readonly r: string; readonly vs: string }[];
  readonly contractSignatures: readonly string[];
}

class Witness {
  shown = 0;
  claimed = 0;
  readonly #request: AuthorsRequest;
  readonly #report: Report;
  readonly #signedCalls: SignedCalls;
  readonly #learners: string[] = [];
  readonly #invited = new Set<string>();
  /** Voters of the open round who have not voted. */
  #missing = new Set<string>();
  readonly #proposals = new Map<number, string>();
  /** What each voter sealed last, with its round. */
  readonly #seals = new Map<string, { readonly round: number; readonly commitment: string }>();
  #creation: EventOf<"ExperimentCreated"> | undefined;
  #round = 0;
  /** Learners active before the start. */
  #active = 0;
  /** The transaction of the last event, and what is known of it. */
  #last:
    | { readonly hash: string; readonly call: Call | undefined; readonly signer: "key" | "forged" | "claimed" }
    | undefined;

  constructor(request: AuthorsRequest, report: Report) {
    this.#request = request;
    this.#report = report;
    this.#signedCalls = new SignedCalls(request.domain);
  }

  hear(event: LedgerEvent): void {
    this.#note(event);
    const claim = (this.#claims as Partial<Record<EventName, (event: LedgerEvent) => Claim>>)[event.name]?.(event);
    if (claim === undefined) return;
    const { call, signer } = this.#callOf(event);
    if (call === undefined) {
      this.claimed++;
      return;
    }
    if (call.name !== claim.method) {
      this.#complain("author", `${event.name} comes from a transaction that calls ${call.name || "nothing known"}`);
      return;
    }
    if (claim.by !== undefined && call.by !== claim.by) {
      this.#complain("author", `${event.name} is told of ${claim.by}, and ${call.by} called for it`);
      return;
    }
    if (signer === "forged") {
      this.#complain("author", `${event.name} is told of ${call.by}, and its key did not sign the call`);
      return;
    }
    for (const [, found] of deviations({ id: this.#request.experiment, ...claim.args }, wordsOf(call))) {
      this.#complain("author", `${event.name} is told otherwise than it was asked for: ${found}`);
    }
    this.#count(this.#checkSigned(event, call) && signer === "key");
  }

  #callOf({ transaction: hash }: LedgerEvent) {
    if (this.#last?.hash === hash) return this.#last;
    const { contract, history } = this.#request;
    const call = callIn(history.transactions.get(hash), contract);
    // Who sends a transaction has signed it with its key.
    const isSent = call !== undefined && call.signed === undefined;
    const signer = isSent
      ? "key"
      : call
        ? this.#signedCalls.signerOf(call, this.#request.keys?.get(call.by))
        : "claimed";
    return (this.#last = { hash, call, signer });
  }

  #count(isShown: boolean): void {
    if (isShown) this.shown++;
    else this.claimed++;
  }

  /** What later events are checked with. */
  #note(event: LedgerEvent): void {
    if (event.name === "ExperimentCreated") this.#creation = event;
    if (event.name === "Invited") this.#invited.add(event.learner);
    if (event.name === "Joined") this.#learners.push(event.learner);
    if (event.name === "Joined" || event.name === "Resumed") this.#active++;
    if (event.name === "Left") this.#active--;
    if (event.name === "RoundOpened") {
      this.#round = event.round;
      this.#missing = new Set(this.#learners.filter((_, index) => has(event.voters, index)));
    }
    if (event.name === "Voted") this.#missing.delete(event.voter);
    if (event.name === "VotesCast") for (const voter of event.voters) this.#missing.delete(voter);
    if (event.name === "Proposed") this.#proposals.set(event.round, event.proposal.digest);
    if (event.name === "VoteSealed") this.#seals.set(event.voter, event);
  }

  readonly #claims: { readonly [Name in EventName]?: (event: EventOf<Name>) => Claim } = {
    ExperimentCreated: ({ coordinator, config }) => ({
      method: "createExperiment",
      by: coordinator,
      args: { id: undefined, ...config },
    }),
    Invited: () => ({ method: "invite", by: this.#creation?.coordinator, args: {} }),
    Joined: ({ learner }) => ({ method: "join", by: learner, args: {} }),
    ContactUpdated: ({ learner }) => ({ method: "updateContact", by: learner, args: {} }),
    Left: ({ learner }) => ({ method: "leaveExperiment", by: learner, args: {} }),
    Resumed: ({ learner }) => ({ method: "resume", by: learner, args: {} }),
    Started: ({ time }) => ({ method: "startExperiment", by: this.#starter(time), args: {} }),
    Cancelled: ({ time }) => ({ method: "cancelExperiment", by: this.#canceller(time), args: {} }),
    Proposed: ({ round, proposer, proposal }) => ({ method: "propose", by: proposer, args: { round, proposal } }),
    Voted: ({ round, voter, approve, score }) => {
      const ballot = { round, approve, score, proposal: this.#proposals.get(round) };
      return this.#creation?.config.ballot === "sealed"
        ? { method: "reveal", args: { ...ballot, voter } }
        : { method: "vote", by: voter, args: ballot };
    },
    VotesCast: ({ round }) => ({
      method: "castVotesBySig",
      args: { round, proposal: this.#proposals.get(round) },
    }),
    VoteSealed: ({ round, voter, commitment }) => ({
      method: "sealVote",
      by: voter,
      args: { round, commitment, proposal: this.#proposals.get(round) },
    }),
  };

  /** Until the deadline, the coordinator alone; then anybody. */
  #starter(time: number): string | undefined {
    const { config, coordinator } = this.#creation ?? {};
    return time <= (config?.enrolmentDeadline ?? 0) ? coordinator : undefined;
  }

  /** The same, and after the deadline too where there are learners enough to start. */
  #canceller(time: number): string | undefined {
    const { config, coordinator } = this.#creation ?? {};
    return this.#active >= (config?.minLearners ?? 0) ? coordinator : this.#starter(time);
  }

  /** @returns whether keys' signatures, where there are any, show it */
  #checkSigned(event: LedgerEvent, call: Call): boolean {
    if (event.name === "Joined") return this.#checkInvitation(event, call);
    if (event.name === "VotesCast") return this.#checkBatch(event, call);
    if (event.name === "Invited" && !(call.args.learners as string[]).includes(event.learner)) {
      this.#complain("author", `${event.learner} was not invited by its transaction`);
    }
    if (event.name === "Voted" && call.name === "reveal") this.#checkSeal(event, call);
    return true;
  }

  #checkInvitation({ learner }: EventOf<"Joined">, call: Call): boolean {
    const { config, coordinator = "" } = this.#creation ?? {};
    if (config?.admission !== "invited" || this.#invited.has(learner)) return true;
    const { experiment, domain, keys } = this.#request;
    const invitation = String(call.args.invitation);
    if (isInvitationSignedByKey(domain, { experiment, learner, coordinator }, invitation)) return true;
    if (invitation === "0x") this.#complain("author", `${learner} joined without an invitation`);
    else if (keys?.has(coordinator))
      this.#complain("author", `${coordinator} did not sign the invitation of ${learner}`);
    // A coordinator that is a contract answers for itself.
    return false;
  }

  #checkSeal({ round, voter }: EventOf<"Voted">, call: Call): void {
    const { chainId, contract, experiment } = this.#request;
    const { proposal, approve, score, salt } = call.args as unknown as {
      proposal: string;
      approve: boolean;
      score: bigint;
      salt: string;
    };
    const scope = { chainId, contract: contract.address, experiment, round, proposal };
    const seal = this.#seals.get(voter);
    if (seal?.round !== round || sealOfMillionths(scope, { voter, approve, score, salt }) !== seal.commitment) {
      this.#complain("seals", `what ${voter} revealed is not what it sealed`);
    }
  }

  /** A batch names its voters by a bitmap, and what each signed in the order of their indexes. */
  #checkBatch({ round, voters, approvals, scores }: EventOf<"VotesCast">, call: Call): boolean {
    const batch = call.args as unknown as BatchArgs;
    const indexes = this.#learners.map((_, index) => index).filter((index) => has(batch.voters, index));
    const isByKey = (index: number) => this.#isBallotByKey(round, batch, index, batch.votes[indexes.indexOf(index)]);
    let isShown = true;
    for (const [place, voter] of voters.entries()) {
      const index = this.#learners.indexOf(voter);
      const signed = batch.votes[indexes.indexOf(index)];
      const approve = has(approvals, place);
      const score = scores[place];
      const isAsCast = indexes.includes(index) && signed?.score === score && has(batch.approvals, index) === approve;
      if (signed === undefined || !isAsCast) {
        this.#complain("author", `the vote of ${voter} is told otherwise than it was cast`);
        continue;
      }
      const isContracts = BigInt(signed.vs) === 0n && BigInt(signed.r) < BigInt(batch.contractSignatures.length);
      if (isContracts && !this.#request.keys?.has(voter)) {
        // A contract's signature: only the contract itself could be asked.
        isShown = false;
      } else if (!isByKey(index)) {
        this.#complain("author", `${voter} did not sign the vote that is told as its own`);
      }
    }
    for (const index of indexes) {
      const voter = this.#learners[index] ?? "";
      if (voters.includes(voter) || !this.#missing.has(voter) || !isByKey(index)) continue;
      this.#complain("tally", `the vote that ${voter} signed is in the batch and was not counted`);
    }
    return isShown;
  }

  #isBallotByKey(
    round: number,
    batch: BatchArgs,
    index: number,
    signed: BatchArgs["votes"][number] | undefined,
  ): boolean {
    const voter = this.#learners[index];
    if (signed === undefined || voter === undefined || BigInt(signed.vs) === 0n) return false;
    const { experiment, domain } = this.#request;
    const { serialized: signature } = Signature.from({ r: signed.r, yParityAndS: signed.vs });
    const approve = has(batch.approvals, index);
    const { proposal } = batch;
    return isSignedByKey(domain, { experiment, round, proposal, voter, approve, score: signed.score, signature });
  }

  #complain(rule: Rule, detail: string): void {
    this.#report(rule, this.#round, detail);
  }
}

/** A call's arguments in the words of the events. */
function wordsOf({ name, args }: Call): object {
  if (name === "createExperiment") return configOf(args.config as RawConfig);
  const words = { ...(args.toObject() as Record<string, unknown>) };
  if ("round" in words) words.round = Number(words.round);
  if (name === "propose") words.proposal = contentId(args.weights as RawContentId);
  return words;
}
