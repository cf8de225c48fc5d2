import { expect } from "chai";
import { ContractFactory, keccak256, NonceManager, Signature, toUtf8Bytes } from "ethers";

import { startChain, type LocalChain } from "../../../src/demo/chain.ts";
import { connect, type Provider } from "../../../src/ledger/connect.ts";
import { devAccount } from "../../../src/ledger/dev-accounts.ts";
import { abi } from "../../../src/ledger/generated/abi.ts";
import { bytecode } from "../../../src/ledger/generated/bytecode.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { sealOf } from "../../../src/ledger/sealed-vote.ts";
import { signVote } from "../../../src/ledger/signed-vote.ts";
import { Transactor } from "../../../src/ledger/transactor.ts";
import type { ExperimentConfig } from "../../../src/ledger/types.ts";
import { colearn } from "../support/colearn.ts";
import { configWith } from "../support/config.ts";
import { bytecodeWith, type Fault } from "./faulty-contract.ts";

const CONTRACT = "contracts/CollectiveLearning.sol";
const proposal = { digest: `0x${"3".repeat(64)}`, codec: 0x55 };
const hash = (text: string) => keccak256(toUtf8Bytes(text));

interface Stage {
  readonly id: bigint;
  readonly ledger: Ledger;
  /** The coordinator and learner 0, then learners 1 and 2. */
  readonly learners: readonly [Transactor, Transactor, Transactor];
}

/** One approves, one rejects, both with this score. */
function tie(score: number) {
  return async ({ id, learners }: Stage): Promise<void> => {
    await learners[0].propose(id, 1, proposal);
    await learners[1].vote(id, 1, proposal, true, score);
    await learners[2].vote(id, 1, proposal, false, score);
  };
}

/** The same in one batch; learner 2 signs nothing: somebody signs in its place. */
async function forgedBatch({ id, ledger, learners }: Stage): Promise<void> {
  await learners[0].propose(id, 1, proposal);
  const domain = await ledger.domain();
  const voteOf = (voter: string) => ({
    experiment: id,
    round: 1,
    proposal: proposal.digest,
    voter,
    approve: true,
    score: 5n,
  });
  const honest = await signVote(devAccount(1), domain, voteOf(learners[1].address));
  const forger = devAccount(3);
  const forged = await signVote(forger, domain, voteOf(learners[2].address));
  // The transactor would take a signature that is not by the voter's key for a contract's.
  const votes = [honest, forged].map(({ score, signature }) => {
    const { r, yParityAndS: vs } = Signature.from(signature);
    return { score, r, vs };
  });
  const args = [id, 1, proposal.digest, 0b110n, 0b110n, votes, [], await ledger.learners(id)];
  const data = ledger.interface.encodeFunctionData("castVotesBySig", args);
  await (await forger.connect(ledger.provider).sendTransaction({ to: ledger.address, data })).wait();
}

/** Two seal an approval; one of them reveals a rejection. */
async function sealedOtherwise({ id, ledger, learners }: Stage): Promise<void> {
  await learners[0].propose(id, 1, proposal);
  const { chainId } = await ledger.provider.getNetwork();
  const scope = { chainId, contract: ledger.address, experiment: id, round: 1, proposal: proposal.digest };
  const votes = [1, 2].map((index) => ({
    voter: learners[index as 1].address,
    approve: true,
    score: 0.5,
    salt: hash(`${index}`),
  }));
  for (const vote of votes) {
    const voter = learners.find(({ address }) => address === vote.voter);
    await voter?.sealVote(id, 1, proposal, sealOf(scope, vote));
  }
  await learners[0].revealVote(id, 1, proposal, { ...votes[0]!, approve: false });
  await learners[0].revealVote(id, 1, proposal, votes[1]!);
}

/** Two rounds without a proposal. */
async function silence({ id, ledger, learners }: Stage): Promise<void> {
  for (let round = 1; round <= 2; round++) {
    await ledger.provider.send("evm_increaseTime", [61]);
    await learners[1].advance(id);
  }
}

interface Case {
  readonly rule: string;
  /** None where the one before has two. */
  readonly fault?: Fault;
  readonly config?: Partial<ExperimentConfig>;
  readonly play: (stage: Stage) => Promise<void>;
}

/** Faults of one contract, for it takes long to compile. Each sleeps until an experiment wakes it, by its config or votes. */
const cases: Record<string, Case> = {
  "accepts a tie": {
    rule: "tally",
    fault: {
      source: "contracts/libraries/Approval.sol",
      line: "return approvals * WHOLE > approvalBps * voters;",
      instead: "return approvals * WHOLE > approvalBps * voters - (approvalBps == 5000 ? 1 : 0);",
    },
    config: { approvalBps: 5_000 },
    play: tie(0.5),
  },
  "counts a rejection as an approval": {
    rule: "tally",
    fault: {
      source: CONTRACT,
      line: "lane = lane.cast(index, approve);",
      instead: "if (score == 700_000) approve = true; lane = lane.cast(index, score == 600_000 || approve);",
    },
    play: tie(0.6),
  },
  "tells of another vote than was sent, and counts that": { rule: "author", play: tie(0.7) },
  "lets anybody vote for others": {
    rule: "author",
    fault: {
      source: "contracts/libraries/Batches.sol",
      line: "if (!_isSigned(hash, voter, signed, contractSignatures)) return false;",
      instead: "_isSigned(hash, voter, signed, contractSignatures);",
    },
    play: forgedBatch,
  },
  "lets a voter reveal another vote than it sealed": {
    rule: "seals",
    fault: { source: CONTRACT, line: "if (revealed != commitment) revert", instead: "if (revealed == 0) revert" },
    config: { ballot: "sealed", revealWindow: 60 },
    play: sealedOtherwise,
  },
  "selects the first learner again and again": {
    rule: "proposer",
    fault: {
      source: CONTRACT,
      line: "return uint8(active.nextAfter(e.proposer));",
      instead: "return uint8(active.nextAfter(e.rounds == 7 ? BEFORE_FIRST : e.proposer));",
    },
    config: { rounds: 7 },
    play: silence,
  },
  "forgives a missed duty": {
    rule: "storage",
    fault: {
      source: CONTRACT,
      line: "e.struck = (struck.without(dutiful) | absent)",
      instead: "e.struck = (struck.without(dutiful) | (e.rounds == 8 ? 0 : absent))",
    },
    config: { rounds: 8 },
    play: silence,
  },
};

describe("colearn audit, of a contract", function () {
  this.timeout(180_000);
  let chain: LocalChain;
  let provider: Provider;
  let faulty: string;

  before(async () => {
    chain = await startChain({ accounts: 4 });
    provider = await connect({ rpc: chain.rpc });
    faulty = await bytecodeWith(Object.values(cases).flatMap(({ fault }) => fault ?? []));
  });

  after(async () => {
    provider.destroy();
    await chain.stop();
  });

  /** What an audit of the ledger alone says of an experiment on a contract. */
  async function auditOf(code: string, { config = {}, play }: Pick<Case, "config" | "play">) {
    const deployer = new NonceManager(devAccount(3)).connect(provider);
    const contract = await new ContractFactory(abi, code, deployer).deploy();
    await contract.waitForDeployment();
    const ledger = new Ledger(provider, await contract.getAddress());
    const [first, second, third] = await Promise.all([0, 1, 2].map((n) => Transactor.create(ledger, devAccount(n))));
    const learners = [first!, second!, third!] as const;
    const id = await first!.createExperiment(
      configWith({ approvalBps: 6_000, enrolmentDeadline: (await ledger.now()) + 3_600, ...config }),
    );
    for (const learner of learners) await learner.join(id, "{}");
    await first!.start(id);
    await play({ id, ledger, learners });
    return colearn(["audit", "1", "--rpc", chain.rpc, "--contract", ledger.address, "--lineage", "none"]);
  }

  for (const [what, { rule, ...played }] of Object.entries(cases)) {
    it(`names "${rule}" where it ${what}`, async () => {
      const { code, stderr } = await auditOf(faulty, played);
      expect(stderr).to.include(`breaks the rule "${rule}"`);
      expect(code).to.equal(1);
    });
  }

  it("finds nothing where it is ours and the same things happen", async () => {
    for (const { config, play } of [{ play: tie(0.6) }, { play: silence }] as Pick<Case, "config" | "play">[]) {
      expect(await auditOf(bytecode, { config, play })).to.include({ code: 0, stderr: "" });
    }
  });
});
