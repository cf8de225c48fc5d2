import { connect, LOCAL_CHAIN_ID, requireContract, type Provider } from "../ledger/connect.ts";
import { Ledger } from "../ledger/ledger.ts";
import { has, isFinal } from "../ledger/types.ts";
import { parseContact } from "../node/contact.ts";
import { examineClock, examineEndpoint, examineFunds, judgeChain } from "./chain.ts";
import { examineContact } from "./contact.ts";
import { examine, ok, problem, skipped, warning, type Finding } from "./finding.ts";

/** Whose node is to work, and where. */
export interface ChainSubject {
  readonly rpc: readonly string[];
  readonly chainId?: number | undefined;
  readonly contract?: string | undefined;
  /** The newest one if left out. */
  readonly experiment: bigint | undefined;
  readonly address: string | undefined;
  /** Whether the key is one that everybody knows. */
  readonly isTestKey: boolean;
  readonly votes: "direct" | "relayed";
  readonly listen?: readonly string[] | undefined;
  readonly announce?: readonly string[] | undefined;
  readonly peerId: string | undefined;
}

/** Looks at chain, contract, experiment, funds and contact, and tells of each as soon as it is known. */
export async function* examineChainFor(subject: ChainSubject): AsyncGenerator<Finding> {
  const endpoints = await Promise.all(subject.rpc.map((rpc) => examine("rpc", () => examineEndpoint(rpc))));
  const isSilent = endpoints.every(({ health }) => health === "problem");
  // Another stands in for it.
  yield* endpoints.map((found) =>
    found.health === "problem" && !isSilent ? { ...found, health: "warning" as const } : found,
  );
  const connected = await attempt("chain", () => connect({ rpc: subject.rpc, chainId: subject.chainId }));
  if (connected.failure !== undefined) {
    yield isSilent ? skipped("chain", "no endpoint answers") : connected.failure;
    yield skipped("the rest", "contract, funds and contact are on the chain");
    return;
  }
  const provider = connected.value;
  try {
    yield* examineConnected(provider, subject);
  } finally {
    provider.destroy();
  }
}

async function* examineConnected(provider: Provider, subject: ChainSubject): AsyncGenerator<Finding> {
  const chainId = Number((await provider.getNetwork()).chainId);
  yield judgeChain(chainId, subject.chainId);
  yield await examine("clock", () => examineClock(provider, chainId));
  const { address, contract, isTestKey } = subject;
  if (isTestKey && chainId !== LOCAL_CHAIN_ID) {
    yield problem("key", "--dev-account is for a local chain: everybody has its key", "give your own with --key");
  }
  yield address === undefined
    ? skipped("funds", "no key tells an address")
    : await examine("funds", () => examineFunds(provider, address, subject.votes === "relayed"));
  if (contract === undefined) {
    yield problem("contract", "no contract is named", "give its address with --contract");
    return;
  }
  const found = await attempt("contract", async () => {
    await requireContract(provider, contract);
    const ledger = new Ledger(provider, contract);
    return { ledger, count: await ledger.experimentCount() };
  });
  if (found.failure !== undefined) {
    yield found.failure;
    return;
  }
  const { ledger, count } = found.value;
  yield ok("contract", `${ledger.address}, with ${count} ${count === 1 ? "experiment" : "experiments"}`);
  yield* examineExperiment(ledger, count, subject, chainId === LOCAL_CHAIN_ID);
}

async function* examineExperiment(
  ledger: Ledger,
  count: number,
  { experiment = BigInt(count), address, listen = [], announce = [], peerId }: ChainSubject,
  isLocal: boolean,
): AsyncGenerator<Finding> {
  if (count === 0) {
    yield warning("experiment", "the contract has none yet", "create one with `colearn create`");
    return;
  }
  if (experiment > BigInt(count)) {
    yield problem("experiment", `there is no experiment ${experiment}: the newest is ${count}`, "check the number");
    return;
  }
  yield await examine("experiment", () => examineMembership(ledger, experiment, address));
  yield await examine("contact", async () => {
    const contacts = address === undefined ? [] : await ledger.contacts(experiment);
    const own = contacts.find(({ learner }) => learner === address);
    const announced = own && parseContact(own.contact);
    return examineContact({ announced, listen, announce, peerId, isLocal });
  });
}

async function examineMembership(ledger: Ledger, experiment: bigint, address: string | undefined): Promise<Finding> {
  const { status, index, active, invited, round, rounds } = await ledger.snapshot(experiment, address);
  const what = `experiment ${experiment} is ${status}, at round ${round} of ${rounds}`;
  if (address === undefined) return ok("experiment", what);
  if (index !== undefined && has(active, index)) return ok("experiment", `${what}; this key is learner ${index}`);
  if (index !== undefined) {
    const remedy = "run the node: it resumes by itself";
    return warning("experiment", `${what}; learner ${index}, this key, is suspended or has left`, remedy);
  }
  if (isFinal(status)) {
    return warning("experiment", `${what}, and this key never joined`, "name another experiment, or another key");
  }
  const { admission } = (await ledger.experiment(experiment)).config;
  if (admission === "invited" && !invited) {
    const remedy = "ask the coordinator for an invitation, on the ledger or signed";
    return warning("experiment", `${what}, and the ledger knows no invitation of this key`, remedy);
  }
  return ok("experiment", `${what}; the node will join with this key`);
}

type Attempt<T> = { readonly value: T; readonly failure?: undefined } | { readonly failure: Finding };

async function attempt<T>(check: string, work: () => Promise<T>): Promise<Attempt<T>> {
  let value: { readonly is: T } | undefined;
  const finding = await examine(check, async () => {
    value = { is: await work() };
    return ok(check, "");
  });
  return value === undefined ? { failure: finding } : { value: value.is };
}
