import { ContractFactory, NonceManager } from "ethers";
import { pino } from "pino";

import { startChain } from "../../../src/demo/chain.ts";
import { connect } from "../../../src/ledger/connect.ts";
import { devAccount } from "../../../src/ledger/dev-accounts.ts";
import { abi } from "../../../src/ledger/generated/abi.ts";
import { bytecode } from "../../../src/ledger/generated/bytecode.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { signCall, type RelayedCall } from "../../../src/ledger/signed-call.ts";
import { signVote, type VoteMessage } from "../../../src/ledger/signed-vote.ts";
import { Transactor, type TransactorOptions } from "../../../src/ledger/transactor.ts";
import { decodeAnswer, encodeRequest, PROTOCOL, type Answer, type Request } from "../../../src/node/relay/protocol.ts";
import { serveRelay } from "../../../src/node/relay/serve.ts";
import { openHeliaStore } from "../../../src/storage/helia.ts";
import { temporaryFolder } from "./colearn.ts";
import { configWith } from "./config.ts";

const config = configWith({
  maxLearners: 10,
  proposeWindow: 600,
  voteWindow: 600,
  pauseLimit: 600,
  enrolmentDeadline: Math.floor(Date.now() / 1000) + 36_000,
});
export const proposal = { digest: `0x${"3".repeat(64)}`, codec: 0x55 };

/** The account that a relay pays with. */
export const RELAY = 4;

/** A relay that works for everybody, on a real chain, and who speaks to it over libp2p. */
export async function serveOnChain() {
  await using resources = new AsyncDisposableStack();
  const chain = await startChain({ accounts: 6 });
  resources.defer(() => chain.stop());
  const provider = await connect({ rpc: chain.rpc });
  resources.defer(() => provider.destroy());
  const factory = new ContractFactory(abi, bytecode, new NonceManager(devAccount(5)).connect(provider));
  const contract = await factory.deploy();
  await contract.waitForDeployment();
  const ledger = new Ledger(provider, await contract.getAddress());
  const transactor = (account: number, options: TransactorOptions = {}) =>
    Transactor.create(ledger, devAccount(account), options);
  const experiment = await (await transactor(0)).createExperiment(config);
  const folder = resources.use(await temporaryFolder()).path;
  const [relays, asks] = [
    await openHeliaStore({ directory: `${folder}/relay` }),
    await openHeliaStore({ directory: `${folder}/learner` }),
  ];
  resources.defer(() => relays.stop());
  resources.defer(() => asks.stop());
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const context = { experiment, transactor: await transactor(RELAY), config, forAll: true, log };
  resources.use(await serveRelay(context, relays.messages));
  const addresses = await relays.addresses();
  const say = (question: Uint8Array) => asks.messages.ask(addresses, PROTOCOL, question, AbortSignal.timeout(30_000));
  const ask = async (request: Request): Promise<Answer> => decodeAnswer(await say(encodeRequest(request)));
  const encode = (method: string, args: unknown[]) => ledger.interface.encodeFunctionData(method, args);
  const here = await ledger.domain();
  /** A call that a test account signs. */
  const call = async (account: number, data: string, nonce: bigint, domain = here) => {
    const signer = devAccount(account);
    const message = { learner: signer.address, call: data, nonce, deadline: BigInt(await ledger.now()) + 600n };
    return { kind: "call", ...(await signCall(signer, domain, message)) } satisfies RelayedCall;
  };
  /** A vote on the first round's proposal that a test account signs. */
  const vote = async (account: number, changed: Partial<VoteMessage> = {}, domain = here) => {
    const signer = devAccount(account);
    const ballot = { experiment, round: 1, proposal: proposal.digest, voter: signer.address };
    const message = { ...ballot, approve: true, score: 7n, ...changed };
    return { kind: "vote", ...(await signVote(signer, domain, message)) } as const;
  };
  const all = resources.move();
  return {
    ...{ ledger, experiment, transactor, say, ask, lines, encode, call, vote },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
