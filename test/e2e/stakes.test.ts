import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import { Contract, ContractFactory, formatUnits, parseUnits } from "ethers";
import hre from "hardhat";

import { startChain } from "../../src/demo/chain.ts";
import { NodeProcess } from "../../src/demo/node-process.ts";
import { connect, type Provider } from "../../src/ledger/connect.ts";
import { devAccount } from "../../src/ledger/dev-accounts.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { Transactor } from "../../src/ledger/transactor.ts";
import { colearn, colearnJson, colearnPath, temporaryFolder, until } from "./support/colearn.ts";

const COORDINATOR = 0;
const STRANGER = 5;
const PURSE = 1_000;
const TERMS = ["--stake", "100", "--penalty", "20", "--proposal-reward", "5", "--vote-reward", "3"];
const WINDOW = 600;

interface Paid {
  readonly amount: string;
}

interface Standing {
  readonly knownCode: boolean;
  readonly terms: object | null;
  readonly refundable: string | null;
  readonly learners: readonly {
    readonly address: string;
    readonly index: number | null;
    readonly stake: string;
    readonly penalty: string;
    readonly claimable: string;
  }[];
}

const addressOf = (account: number) => devAccount(account).address;
const as = (account: number) => ["--dev-account", String(account)];

describe("stakes and rewards from the command line", function () {
  this.timeout(240_000);
  const resources = new AsyncDisposableStack();
  let provider: Provider;
  let rpc: string;
  let ledger: Ledger;
  let stakes: string;
  let token: Contract;
  let folder: string;

  before(async () => {
    folder = resources.use(await temporaryFolder()).path;
    const chain = await startChain({ accounts: 10 });
    resources.defer(() => chain.stop());
    rpc = chain.rpc;
    provider = await connect({ rpc });
    resources.defer(() => provider.destroy());
    const deployed = await colearnJson<{ contract: string; stakes: string }>([
      ...["deploy", "--with-stakes", "--rpc", rpc],
      ...as(COORDINATOR),
    ]);
    stakes = deployed.stakes;
    ledger = new Ledger(provider, deployed.contract);
    token = await deployToken("PlainToken");
  });

  after(() => resources.disposeAsync());

  /** A token of the contracts' tests, of which everybody has some. */
  async function deployToken(name: string): Promise<Contract> {
    if (!(await hre.artifacts.artifactExists(name))) await hre.tasks.getTask("build").run({ quiet: true });
    const { abi, bytecode } = await hre.artifacts.readArtifact(name);
    const minter = devAccount(9).connect(provider);
    const { target } = await new ContractFactory(abi, bytecode, minter).deploy().then((it) => it.waitForDeployment());
    const made = new Contract(target, abi, minter);
    for (const account of [COORDINATOR, 1, 2, 3]) {
      const minted = (await made.getFunction("mint")(addressOf(account), parseUnits(String(PURSE), 18))) as {
        wait(): Promise<unknown>;
      };
      await minted.wait();
    }
    return made;
  }

  const target = () => ["--rpc", rpc, "--contract", ledger.address];
  const tokenAddress = () => token.target as string;
  const stakesCommand = <T = Paid>(name: string, id: bigint, account: number, ...rest: string[]) =>
    colearnJson<T>(["stakes", name, id.toString(), ...target(), ...as(account), ...rest]);
  const standing = (id: bigint) => colearnJson<Standing>(["stakes", "status", id.toString(), ...target()]);

  async function create(...args: string[]): Promise<bigint> {
    const windows = ["--propose-window", String(WINDOW), "--vote-window", String(WINDOW)];
    const own = [...as(COORDINATOR), "--home", join(folder, "node-0"), ...windows];
    return BigInt((await colearnJson<{ experiment: number }>(["create", ...target(), ...own, ...args])).experiment);
  }

  async function createStaked(...args: string[]): Promise<bigint> {
    return create("--stakes", stakes, ...args);
  }

  async function open(id: bigint): Promise<string> {
    const { budget } = await stakesCommand<{ budget: string }>(
      "open",
      id,
      COORDINATOR,
      "--token",
      tokenAddress(),
      ...TERMS,
    );
    return budget;
  }

  /** In the token's units. */
  async function held(address: string): Promise<number> {
    return Number(formatUnits((await token.getFunction("balanceOf")(address)) as bigint, 18));
  }

  async function allowance(account: number): Promise<bigint> {
    return (await token.getFunction("allowance")(addressOf(account), stakes)) as bigint;
  }

  /** One line that says what, no stack, exit code 2, and nothing on standard output. */
  async function refuses(args: readonly string[], message: RegExp): Promise<void> {
    const { code, stdout, stderr } = await colearn(args);
    expect(stderr).to.match(message);
    expect(stderr.trim().split("\n"), stderr).to.have.length(1);
    expect(stderr).to.match(/^error: .+\(.+\)\n$/);
    expect(stdout).to.equal("");
    expect(code).to.equal(2);
  }

  describe("through a whole experiment", () => {
    const learners = [1, 2, 3];
    const proposal = (round: number) => ({ digest: `0x${String(round).padStart(64, "0")}`, codec: 0x55 });
    let id: bigint;

    const transactor = (account: number) => Transactor.create(ledger, devAccount(account));

    async function propose(account: number, round: number): Promise<void> {
      await (await transactor(account)).propose(id, round, proposal(round));
    }

    async function vote(account: number, round: number, approve: boolean): Promise<void> {
      await (await transactor(account)).vote(id, round, proposal(round), approve, 0.5);
    }

    async function advanceLate(): Promise<void> {
      await provider.send("evm_increaseTime", [WINDOW + 1]);
      await (await transactor(STRANGER)).advance(id);
    }

    it("opens terms and takes exactly the budget", async () => {
      id = await createStaked("--learners", "3", "--rounds", "4");
      expect((await standing(id)).terms).to.equal(null);
      expect(await open(id)).to.equal("32");
      expect(await held(addressOf(COORDINATOR))).to.equal(PURSE - 32);
      expect(await allowance(COORDINATOR)).to.equal(0n);
      const { terms, knownCode } = await standing(id);
      expect(terms).to.deep.equal({ stake: "100", penalty: "20", proposalReward: "5", voteReward: "3" });
      expect(knownCode).to.equal(true);
    });

    it("lets nobody join who has not staked, and says how", () =>
      refuses(
        ["join", id.toString(), ...target(), ...as(1)],
        /NotStaked\(.*\(stake first, with `colearn stakes stake`/,
      ));

    it("takes stakes, of who stakes for another too, and gives one back before its learner joins", async () => {
      await stakesCommand("stake", id, 1);
      await stakesCommand("stake", id, 1, "--for", addressOf(2));
      expect(await stakesCommand("stake", id, 3)).to.include({ amount: "100" });
      expect(await held(addressOf(1))).to.equal(PURSE - 200);
      expect((await standing(id)).learners.map(({ index, stake }) => [index, stake])).to.deep.equal(
        learners.map(() => [null, "100"]),
      );
      expect(await stakesCommand("unstake", id, 3)).to.include({ amount: "100" });
      expect(await held(addressOf(3))).to.equal(PURSE);
      await stakesCommand("stake", id, 3);
      for (const account of learners) expect(await allowance(account)).to.equal(0n);
    });

    it("pays what a round earned, as soon as it is settled, whoever asks", async () => {
      for (const account of learners) await colearnJson(["join", id.toString(), ...target(), ...as(account)]);
      await (await transactor(COORDINATOR)).start(id);
      await propose(1, 1);
      await vote(2, 1, true);
      await vote(3, 1, true);
      expect((await standing(id)).learners.map(({ claimable }) => claimable)).to.deep.equal(["5", "1.5", "1.5"]);
      expect(await stakesCommand("claim", id, STRANGER, "--learner", addressOf(1))).to.deep.include({
        amount: "5",
        through: 1,
        learner: addressOf(1),
      });
      expect(await held(addressOf(1))).to.equal(PURSE - 200 + 5);
    });

    it("refuses what is too early, in one line", async () => {
      const command = (name: string, account: number, ...rest: string[]) => [
        "stakes",
        name,
        id.toString(),
        ...target(),
        ...as(account),
        ...rest,
      ];
      await refuses(command("claim", 1), /has been paid for all rounds that are settled \(claim again/);
      await refuses(command("claim", 1, "--through", "2"), /refused to claim: RoundOpen\(.*\(claim when the round/);
      await refuses(command("claim", STRANGER), /refused to claim: NotLearner/);
      await refuses(command("withdraw", 1), /refused to withdraw: WrongStatus\(.*too early/);
      await refuses(command("refund", COORDINATOR), /refused to refund: WrongStatus/);
      await refuses(command("unstake", 1), /refused to unstake: StakeLocked\(.*at the experiment's end/);
      await refuses(command("stake", 1), /refused to stake: AlreadyStaked/);
      await refuses(command("open", COORDINATOR, "--token", tokenAddress(), ...TERMS), /TermsAlreadyOpen\(.*final/);
    });

    it("pays all in the end, penalties to the sponsor, and the balances add up", async () => {
      // Learner 3 misses a vote and then its turn: it is suspended.
      await propose(2, 2);
      await vote(1, 2, false);
      await advanceLate();
      await advanceLate();
      await propose(1, 4);
      await vote(2, 4, true);
      expect((await ledger.snapshot(id)).status).to.equal("completed");

      const { learners: seen, refundable } = await standing(id);
      expect(seen.map(({ claimable, penalty }) => [claimable, penalty])).to.deep.equal([
        ["8", "0"],
        ["4.5", "0"],
        ["1.5", "20"],
      ]);
      expect(refundable).to.equal("13");

      expect(await stakesCommand("claim", id, 1, "--through", "2")).to.include({ amount: "3" });
      expect(await stakesCommand("claim", id, 1)).to.include({ amount: "5", through: 4 });
      expect(await stakesCommand("claim", id, 2)).to.include({ amount: "4.5" });
      expect(await stakesCommand("claim", id, 3)).to.include({ amount: "1.5" });
      expect(await stakesCommand("withdraw", id, 1)).to.include({ amount: "100" });
      expect(await stakesCommand("withdraw", id, STRANGER, "--learner", addressOf(2))).to.include({ amount: "100" });
      // Before learner 3 withdraws: its penalty is reckoned.
      expect(await stakesCommand("refund", id, COORDINATOR)).to.deep.include({
        amount: "33",
        sponsor: addressOf(COORDINATOR),
        penalised: [addressOf(3)],
      });
      expect(await stakesCommand("withdraw", id, 3)).to.include({ amount: "80" });

      expect(await held(stakes)).to.equal(0);
      // Learner 1 staked for learner 2 as well: that stake is learner 2's now.
      expect(await held(addressOf(1))).to.equal(PURSE - 100 + 13);
      expect(await held(addressOf(2))).to.equal(PURSE + 100 + 4.5);
      expect(await held(addressOf(3))).to.equal(PURSE - 20 + 1.5);
      expect(await held(addressOf(COORDINATOR))).to.equal(PURSE - 32 + 33);
    });

    it("says so when there is nothing more", async () => {
      const command = (name: string, account: number) => ["stakes", name, id.toString(), ...target(), ...as(account)];
      await refuses(command("withdraw", 3), /refused to withdraw: NoStake/);
      await refuses(command("refund", COORDINATOR), /refused to refund: NothingDue/);
      await refuses(command("claim", 2), /has been paid for all rounds/);
    });

    it("shows all of it to people", async () => {
      const { code, stdout } = await colearn(["stakes", "status", id.toString(), ...target()]);
      expect(code).to.equal(0);
      expect(stdout)
        .to.match(/is completed: round 4 of 4/)
        .and.match(/whose code is this version's/);
      expect(stdout).to.match(/100 PLN is staked by each learner, 20 PLN taken from it for each suspension/);
      expect(stdout).to.match(new RegExp(`learner 2 +${addressOf(3)}  stake 0 PLN`));
    });
  });

  describe("given what it cannot use", () => {
    let id: bigint;
    const openArgs = (...rest: string[]) => ["stakes", "open", id.toString(), ...target(), ...as(COORDINATOR), ...rest];

    before(async () => {
      id = await createStaked("--learners", "2", "--rounds", "2");
    });

    it("refuses a penalty above the stake", () =>
      refuses(
        openArgs("--token", tokenAddress(), ...TERMS, "--penalty", "101"),
        /--penalty 101 is more than --stake 100/,
      ));
    it("refuses amounts that are none, or finer than the token", async () => {
      for (const text of ["1e3", "-1", "ten", "0x10", ".5", ""]) {
        const { code, stderr } = await colearn(openArgs("--token", tokenAddress(), ...TERMS, `--stake=${text}`));
        expect(stderr).to.match(/^error: option '--stake <amount>'.*an amount in the token's units/);
        expect(code).to.equal(2);
      }
      const fine = ["--stake", "100.1234567890123456789"];
      await refuses(openArgs("--token", tokenAddress(), ...TERMS, ...fine), /finer than PLN .*at most 18 digits/);
      const huge = ["--stake", "9".repeat(30)];
      await refuses(openArgs("--token", tokenAddress(), ...TERMS, ...huge), /more than the contract can hold/);
    });
    it("refuses a token that is none", () =>
      refuses(openArgs("--token", addressOf(7), ...TERMS), /no ERC-20 token that tells its decimals is at 0x/));
    it("refuses more than there is, and approves nothing", async () => {
      const dear = ["--proposal-reward", "5000"];
      await refuses(openArgs("--token", tokenAddress(), ...TERMS, ...dear), /has \d+ PLN of the 10006 .*\(get more/);
      expect(await allowance(COORDINATOR)).to.equal(0n);
    });
    it("refuses terms that are not the coordinator's, and approves nothing", async () => {
      const args = ["stakes", "open", id.toString(), ...target(), ...as(1), "--token", tokenAddress(), ...TERMS];
      await refuses(args, /refused to open the terms: NotCoordinator\(.*\(sign with the coordinator's key\)/);
      expect(await allowance(1)).to.equal(0n);
    });
    it("refuses a token that takes a fee", async () => {
      const fee = await deployToken("FeeToken");
      await refuses(
        openArgs("--token", fee.target as string, ...TERMS),
        /WrongAmount\(.*\(choose a token that takes no fee/,
      );
    });
    it("refuses to stake before the terms are open", () =>
      refuses(["stakes", "stake", id.toString(), ...target(), ...as(1)], /terms of experiment \d+ are not open yet/));
    it("refuses an experiment without stakes", async () => {
      const plain = await create("--learners", "2");
      await refuses(["stakes", "status", plain.toString(), ...target()], /has no stakes: nothing is staked/);
    });
    it("refuses a contract for stakes that is none of this ledger's", async () => {
      const foreign = await create("--learners", "2", "--stakes", tokenAddress());
      await refuses(
        ["stakes", "stake", foreign.toString(), ...target(), ...as(1)],
        /is no Stakes \(.*ask the coordinator/,
      );
    });
    it("refuses to pay to code that it does not know, until it is told to", async () => {
      const other = await create("--learners", "2", "--stakes", stakes);
      const code = await provider.getCode(stakes);
      // Other metadata is the same code; one byte of it is another.
      await provider.send("hardhat_setCode", [stakes, `${code.slice(0, -20)}${"0".repeat(20)}`]);
      expect((await standing(other)).knownCode).to.equal(true);
      const metadata = code.slice(-106);
      await provider.send("hardhat_setCode", [stakes, `${code.slice(0, -108)}00${metadata}`]);
      const args = ["stakes", "open", other.toString(), ...target(), ...as(COORDINATOR), "--token", tokenAddress()];
      await refuses([...args, ...TERMS], /the code of 0x.* is not that of this version's Stakes \(.*--unknown-code\)/);
      expect((await standing(other)).knownCode).to.equal(false);
      await colearnJson([...args, ...TERMS, "--unknown-code"]);
      await provider.send("hardhat_setCode", [stakes, code]);
    });
    it("refuses to deploy stakes for what is no ledger", async () => {
      const args = ["deploy", "--rpc", rpc, ...as(COORDINATOR)];
      await refuses([...args, "--stakes-for", tokenAddress()], /no CollectiveLearning contract is at 0x/);
      await refuses([...args, "--with-stakes", "--stakes-for", ledger.address], /exclude each other/);
    });
  });

  describe("beside the usual course", () => {
    it("deploys stakes for a ledger that is there", async () => {
      const args = ["deploy", "--stakes-for", ledger.address, "--rpc", rpc, ...as(COORDINATOR)];
      const deployed = await colearnJson<{ contract: string; stakes: string }>(args);
      expect(deployed.contract).to.equal(ledger.address);
      expect(deployed.stakes).not.to.equal(stakes);
      const id = await create("--learners", "2", "--stakes", deployed.stakes);
      expect((await standing(id)).knownCode).to.equal(true);
    });

    it("gives stakes back after an experiment was cancelled, and the sponsor its budget", async () => {
      const id = await createStaked("--learners", "2", "--rounds", "2");
      await open(id);
      await stakesCommand("stake", id, 1);
      await colearnJson(["join", id.toString(), ...target(), ...as(1)]);
      await colearnJson(["cancel", id.toString(), ...target(), ...as(COORDINATOR)]);
      expect(await stakesCommand("withdraw", id, 1)).to.include({ amount: "100" });
      expect(await stakesCommand("refund", id, COORDINATOR)).to.include({ amount: "16" });
    });

    it("a node whose key has not staked says so once, waits, and joins when it has", async () => {
      const id = await createStaked("--learners", "2", "--rounds", "2");
      await open(id);
      // Where the manifest is: no other node runs that would serve it.
      const home = join(folder, "node-0");
      const logFile = join(folder, "waiting.log");
      const log = () => readFileSync(logFile, "utf8");
      const shard = ["--shard", "1/100", "--backend", "wasm"];
      const node = new NodeProcess(
        colearnPath,
        [id.toString(), ...target(), ...as(2), "--home", home, ...shard],
        logFile,
      );
      try {
        const waiting = /waiting: not-staked \(`colearn stakes stake \d+` with this key\)/g;
        await until("the node has said that it waits", () => node.told("ready") && waiting.test(log()));
        // Blocks make it look again.
        for (let block = 0; block < 3; block++) await provider.send("evm_mine", []);
        await stakesCommand("stake", id, 2);
        await until("it has joined", () => node.told("joined"));
        expect(log().match(waiting)).to.have.length(1);
        expect(log()).not.to.match(/this step failed/);
      } finally {
        await node.stop();
      }
    });
  });
});
