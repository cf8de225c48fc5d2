/** Experiments to measure: each on a chain of its own, with one proposer more than voters, everybody doing its duty. */
import { network } from "hardhat";

import { signCall } from "../../src/ledger/signed-call.ts";
import { domainOf, signVote } from "../../src/ledger/signed-vote.ts";
import {
  Admission,
  Ballot,
  RAW,
  Selection,
  type Config,
  type ContentId,
  type LedgerContract,
  type SignedVote,
} from "../../test/contracts/ledger-contract.ts";

export const ID = 1n;
export const HOUR = 3600;
export const SCORE = 912_345;
export const ROUNDS = 1000;
export const CONTACT = JSON.stringify({ addresses: [`/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW${"a".repeat(44)}`] });
/** Far in the future, so that the dates in calldata, and with them their gas, are the same on every machine. */
const START = "2100-01-01T00:00:00Z";
const MNEMONIC = "test test test test test test test test test test test junk";

interface Sent {
  wait(): Promise<{ gasUsed: bigint } | null>;
}

export interface Choices {
  readonly sealed?: boolean;
  readonly random?: boolean;
  readonly invited?: boolean;
  /** Whether a contract that holds stakes is deployed and named. */
  readonly staked?: boolean;
}

/** A content id without zero bytes, which are cheaper in calldata, so that all rounds compare. */
export function contentIdOf(round: number): ContentId {
  return { digest: `0x${(BigInt(`0x${"11".repeat(32)}`) + BigInt(round)).toString(16)}`, codec: RAW };
}

export async function gasOf(sent: Promise<Sent>): Promise<number> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("a transaction was not mined");
  return Number(receipt.gasUsed);
}

async function startChain(accounts: number) {
  return await network.create({
    override: { initialDate: START, accounts: { mnemonic: MNEMONIC, count: accounts } },
  });
}

type Chain = Awaited<ReturnType<typeof startChain>>;
type Signer = Awaited<ReturnType<Chain["ethers"]["getSigners"]>>[number];

/** An experiment that enrols: `learners` join with `enrol`, in their order. */
export class Experiment {
  readonly ledger: LedgerContract;
  readonly learners: readonly Signer[];
  readonly ethers: Chain["ethers"];
  readonly time: Chain["networkHelpers"]["time"];
  readonly #chain: Chain;
  readonly #choices: Choices;
  /** Each learner's hash chain, the link to reveal next at the end. */
  readonly #links: string[][];

  private constructor(chain: Chain, learners: readonly Signer[], ledger: LedgerContract, choices: Choices) {
    this.#chain = chain;
    this.#choices = choices;
    this.ethers = chain.ethers;
    this.time = chain.networkHelpers.time;
    this.learners = learners;
    this.ledger = ledger;
    this.#links = learners.map((learner) => {
      const links = [this.ethers.id(`chain of ${learner.address}`)];
      for (let n = 0; n < 8; n += 1) links.push(this.ethers.keccak256(links.at(-1) ?? ""));
      return links;
    });
  }

  static async deploy(voters: number, choices: Choices = {}): Promise<Experiment> {
    const chain = await startChain(voters + 1);
    const ledger = (await chain.ethers.deployContract("CollectiveLearning")) as unknown as LedgerContract;
    return new Experiment(chain, await chain.ethers.getSigners(), ledger, choices);
  }

  /** The same, started. */
  static async run(voters: number, choices: Choices = {}): Promise<Experiment> {
    const experiment = await Experiment.deploy(voters, choices);
    await experiment.create();
    for (const learner of experiment.learners) await experiment.join(learner);
    await experiment.start();
    return experiment;
  }

  async create(changes: Partial<Config> = {}): Promise<number> {
    return await gasOf(
      this.ledger.createExperiment({
        manifest: contentIdOf(1001),
        weights: contentIdOf(1002),
        rounds: ROUNDS,
        minLearners: 2,
        maxLearners: 256,
        approvalBps: 5000,
        proposeWindow: HOUR,
        voteWindow: HOUR,
        pauseLimit: HOUR,
        enrolmentDeadline: (await this.time.latest()) + HOUR,
        admission: this.#choices.invited === true ? Admission.Invited : Admission.Open,
        selection: this.#choices.random === true ? Selection.Random : Selection.RoundRobin,
        ballot: this.#choices.sealed === true ? Ballot.Sealed : Ballot.Open,
        earlyDecision: false,
        revealWindow: this.#choices.sealed === true ? HOUR : 0,
        stakes: this.ethers.ZeroAddress,
        ...changes,
      }),
    );
  }

  async join(learner: Signer, invitation = "0x"): Promise<number> {
    return await gasOf(this.ledger.connect(learner).join(ID, CONTACT, this.#nextLink(learner), invitation));
  }

  async start(): Promise<number> {
    return await gasOf(this.ledger.startExperiment(ID));
  }

  async proposer(): Promise<Signer> {
    const { proposer } = await this.ledger.snapshot(ID, this.ethers.ZeroAddress);
    const signer = this.learners.find((learner) => learner.address === proposer);
    if (signer === undefined) throw new Error("there is no proposer");
    return signer;
  }

  async voters(): Promise<Signer[]> {
    const proposer = await this.proposer();
    return this.learners.filter((learner) => learner !== proposer);
  }

  async propose(round: number): Promise<number> {
    const proposer = await this.proposer();
    return await gasOf(this.ledger.connect(proposer).propose(ID, round, contentIdOf(round), this.#nextLink(proposer)));
  }

  async vote(voter: Signer, round: number): Promise<number> {
    return await gasOf(this.ledger.connect(voter).vote(ID, round, contentIdOf(round).digest, true, SCORE));
  }

  async sealVote(voter: Signer, round: number): Promise<number> {
    const { digest } = contentIdOf(round);
    const salt = this.#saltOf(voter);
    const commitment = await this.ledger.sealOf(ID, round, digest, voter.address, true, SCORE, salt);
    return await gasOf(this.ledger.connect(voter).sealVote(ID, round, digest, commitment));
  }

  async reveal(voter: Signer, round: number): Promise<number> {
    const { digest } = contentIdOf(round);
    return await gasOf(
      this.ledger.connect(voter).reveal(ID, round, digest, voter.address, true, SCORE, this.#saltOf(voter)),
    );
  }

  /** Everybody does its duty; the gas of each step, the opening of the next round included in the last. */
  async play(round: number): Promise<{ propose: number; votes: number[]; reveals: number[] }> {
    const voters = await this.voters();
    const propose = await this.propose(round);
    const [votes, reveals]: [number[], number[]] = [[], []];
    if (this.#choices.sealed === true) {
      for (const voter of voters) votes.push(await this.sealVote(voter, round));
      for (const voter of voters) reveals.push(await this.reveal(voter, round));
    } else {
      for (const voter of voters) votes.push(await this.vote(voter, round));
    }
    return { propose, votes, reveals };
  }

  /** The votes of some, signed, as they stand in a batch: in the order of the learners. */
  async sign(voters: readonly Signer[], round: number): Promise<SignedVote[]> {
    const domain = await this.domain();
    const ballot = { experiment: ID, round, proposal: contentIdOf(round).digest, approve: true, score: BigInt(SCORE) };
    const votes: SignedVote[] = [];
    for (const voter of voters) {
      const { signature } = await signVote(voter, domain, { ...ballot, voter: voter.address });
      const { r, yParityAndS } = this.ethers.Signature.from(signature);
      votes.push({ score: SCORE, r, vs: yParityAndS });
    }
    return votes;
  }

  /** A call that a learner signed, sent by another. */
  async execute(learner: Signer, call: string): Promise<number> {
    const deadline = (await this.time.latest()) + HOUR;
    const nonce = await this.ledger.nonces(learner.address);
    const message = { learner: learner.address, call, nonce, deadline: BigInt(deadline) };
    const { signature } = await signCall(learner, await this.domain(), message);
    return await gasOf(this.ledger.executeBySig(learner.address, call, deadline, signature));
  }

  /** What its signatures are bound to. */
  async domain() {
    const { chainId } = await this.ethers.provider.getNetwork();
    return domainOf(chainId, await this.ledger.getAddress());
  }

  async passWindow(): Promise<void> {
    await this.time.increase(HOUR + 1);
  }

  async advance(): Promise<number> {
    return await gasOf(this.ledger.advance(ID));
  }

  async close(): Promise<void> {
    await this.#chain.close();
  }

  #nextLink(learner: Signer): string {
    if (this.#choices.random !== true) return this.ethers.ZeroHash;
    const link = this.#links[this.learners.indexOf(learner)]?.pop();
    if (link === undefined) throw new Error("a hash chain has no link left");
    return link;
  }

  #saltOf(voter: Signer): string {
    return this.ethers.id(`salt of ${voter.address}`);
  }
}
