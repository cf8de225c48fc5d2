import { expect } from "chai";
import { id as hashOf, Interface, Signature, toBeHex, Wallet, ZeroAddress, ZeroHash } from "ethers";

import { checkAuthors, type Authorship } from "../../../src/audit/authors.ts";
import type { SentTransaction } from "../../../src/audit/calls.ts";
import type { EventName, LedgerEvent, Told } from "../../../src/audit/history.ts";
import type { Keys } from "../../../src/audit/record.ts";
import { abi } from "../../../src/ledger/generated/abi.ts";
import { signCall } from "../../../src/ledger/signed-call.ts";
import { signInvitation } from "../../../src/ledger/signed-invitation.ts";
import { domainOf, signVote } from "../../../src/ledger/signed-vote.ts";
import { config, weights } from "./story.ts";

const EXPERIMENT = 1n;
const CHAIN = 31_337n;
const keyOf = (name: string) => new Wallet(hashOf(name));
const [coordinator, stranger] = [keyOf("coordinator"), keyOf("stranger")];
const keys = [0, 1, 2].map((n) => keyOf(`learner ${n}`));
const learners = keys.map(({ address }) => address);
const [proposer = "", ...voters] = learners;
const contract = { address: keyOf("contract").address, interface: new Interface(abi) };
const domain = domainOf(CHAIN, contract.address);
const proposal = weights("1");
const propose = contract.interface.encodeFunctionData("propose", [EXPERIMENT, 1, proposal, ZeroHash]);
/** All are accounts without code, of which each has used so many nonces. */
const withoutCode = (used = 0n): Keys => new Map([coordinator.address, ...learners].map((key) => [key, used]));

interface Ballot {
  readonly score: bigint;
  readonly r: string;
  readonly vs: string;
}

/** What may be otherwise than honest people do it. */
interface Changes {
  readonly invitation?: string;
  /** What the proposer signed, if somebody else sent it. */
  readonly call?: string;
  /** Of the second voter. */
  readonly ballot?: Ballot;
  readonly contractSignatures?: readonly string[];
  /** Voters of whom the contract tells. */
  readonly told?: readonly string[];
  readonly keys?: Keys;
}

async function ballotOf(voter: number, signer = keys[voter]!): Promise<Ballot> {
  const vote = { experiment: EXPERIMENT, round: 1, proposal: proposal.digest, approve: true, score: 5n };
  const { r, yParityAndS: vs } = Signature.from(
    (await signVote(signer, domain, { ...vote, voter: learners[voter]! })).signature,
  );
  return { score: 5n, r, vs };
}

const callOf = async (nonce: bigint, signer = keys[0]!) =>
  (await signCall(signer, domain, { learner: proposer, call: propose, nonce, deadline: 9_999n })).signature;

/** Three join with invitations, one proposes, the others vote in a batch: what the transactions say of that. */
async function check(changes: Changes): Promise<{ found: string[] } & Authorship> {
  const events: LedgerEvent[] = [];
  const transactions = new Map<string, SentTransaction>();
  const send = <Name extends EventName>(
    from: string,
    method: string,
    args: unknown[],
    name: Name,
    told: Told[Name],
  ) => {
    const block = events.length + 1;
    const transaction = `0x${block}`;
    const data = contract.interface.encodeFunctionData(method, args);
    transactions.set(transaction, { from, to: contract.address, data });
    events.push({ name, ...told, block, time: 1_000 + block, logIndex: 0, transaction } as unknown as LedgerEvent);
  };
  const invited = { ...config, admission: "invited" as const };
  const raw = { ...config, admission: 1, selection: 0, ballot: 0, stakes: ZeroAddress };
  const told = { coordinator: coordinator.address, config: invited };
  send(coordinator.address, "createExperiment", [raw], "ExperimentCreated", told);
  for (const [index, learner] of learners.entries()) {
    const invitation = changes.invitation ?? (await signInvitation(coordinator, domain, EXPERIMENT, learner));
    send(learner, "join", [EXPERIMENT, "", ZeroHash, invitation], "Joined", { learner, index });
  }
  send(coordinator.address, "startExperiment", [EXPERIMENT], "Started", { learners: 3 });
  const opened = { name: "RoundOpened", round: 1, proposer, voters: 0b110n, deadline: 2_000 } as const;
  events.push({ ...events.at(-1)!, ...opened, logIndex: 1 });
  const signedCall = [proposer, propose, 9_999n, changes.call ?? (await callOf(0n))];
  send(stranger.address, "executeBySig", signedCall, "Proposed", { round: 1, proposer, proposal, deadline: 2_000 });
  const votes = [await ballotOf(1), changes.ballot ?? (await ballotOf(2))];
  const batch = [EXPERIMENT, 1, proposal.digest, 0b110n, 0b110n, votes, changes.contractSignatures ?? [], learners];
  const counted = changes.told ?? voters;
  const cast = { round: 1, approvals: (1n << BigInt(counted.length)) - 1n, voters: counted };
  send(stranger.address, "castVotesBySig", batch, "VotesCast", { ...cast, scores: counted.map(() => 5n) });
  const found: string[] = [];
  const request = { contract, chainId: CHAIN, experiment: EXPERIMENT, domain, history: { events, transactions } };
  const authorship = checkAuthors({ ...request, keys: changes.keys }, (rule, round, detail) =>
    found.push(`${rule} ${round}: ${detail}`),
  );
  return { found, ...authorship };
}

describe("checkAuthors", () => {
  it("shows every step of which the keys' signatures are there", async () => {
    for (const keys of [undefined, withoutCode()]) {
      expect(await check({ ...(keys && { keys }) })).to.deep.equal({ found: [], shown: 7, claimed: 0 });
    }
  });

  it("finds who joined without an invitation", async () => {
    const { found } = await check({ invitation: "0x" });
    expect(found).to.deep.equal(learners.map((learner) => `author 0: ${learner} joined without an invitation`));
  });

  it("finds an invitation that is not signed by the coordinator's key, where no contract can have signed it", async () => {
    const invitation = await signInvitation(stranger, domain, EXPERIMENT, proposer);
    expect(await check({ invitation })).to.deep.include({ found: [], claimed: 3 });
    const { found } = await check({ invitation, keys: withoutCode() });
    expect(found).to.have.length(3);
    expect(found[0]).to.equal(`author 0: ${coordinator.address} did not sign the invitation of ${proposer}`);
  });

  it("finds a call that is not signed by its learner's key, where no contract can have signed it", async () => {
    for (const call of ["0xdeadbeef", await callOf(0n, stranger)]) {
      expect(await check({ call })).to.deep.include({ found: [], claimed: 1 });
      const { found } = await check({ call, keys: withoutCode(1n) });
      expect(found).to.deep.equal([`author 1: Proposed is told of ${proposer}, and its key did not sign the call`]);
    }
  });

  it("finds the key's signature among as many nonces as it has used, and accuses nobody where these are too many", async () => {
    expect(await check({ call: await callOf(100n), keys: withoutCode(101n) })).to.include({ claimed: 0 });
    const far = await check({ call: await callOf(5_000n), keys: withoutCode(5_001n) });
    expect(far).to.deep.include({ found: [], claimed: 1 });
  });

  it("finds a vote with a contract's signature that is not there, or of who is no contract", async () => {
    const ballot = { score: 5n, r: toBeHex(0, 32), vs: ZeroHash };
    const forged = [`author 1: ${voters[1]} did not sign the vote that is told as its own`];
    expect((await check({ ballot })).found).to.deep.equal(forged);
    const contractSignatures = ["0x1234"];
    expect(await check({ ballot, contractSignatures })).to.deep.include({ found: [], claimed: 1 });
    expect((await check({ ballot, contractSignatures, keys: withoutCode() })).found).to.deep.equal(forged);
  });

  it("finds a valid vote that was left out of what was counted, and no other", async () => {
    const told = voters.slice(0, 1);
    const { found } = await check({ told });
    expect(found).to.deep.equal([`tally 1: the vote that ${voters[1]} signed is in the batch and was not counted`]);
    expect(await check({ told, ballot: await ballotOf(2, stranger) })).to.deep.include({ found: [] });
  });
});
