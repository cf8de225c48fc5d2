import { isError, type EthersError, type Interface } from "ethers";

import { ColearnError, UserError } from "../errors.ts";

/** What a person can do about refusals, by the custom error's name. */
export type Remedies = Readonly<Partial<Record<string, string>>>;

/** What a person can do about the ledger's refusals that a person meets. */
const ledgerRemedies: Remedies = {
  NotCoordinator: "sign with the coordinator's key, or wait for the enrolment deadline",
  NotInvited: "ask the coordinator for an invitation",
  NotStaked: "stake first, with `colearn stakes stake`",
  NoLink: "run the version of colearn that knows drawn proposers",
  InvalidSignature: "sign again: the nonce was used, or another key signed",
  AdmissionOpen: "nobody needs an invitation to this experiment",
  AlreadyJoined: "run the node: this key is a learner already",
  ExperimentFull: "join another experiment",
  TooFewLearners: "let more learners join first",
  WrongStatus: "see `colearn status`: the experiment is at another point",
  UnknownExperiment: "check the number with `colearn status`, or --contract",
};

/** The contract refused a transaction: `code` is `reverted`, `revert` the name of its custom error, `values` what explains it. */
export class RevertError extends ColearnError {
  override readonly name = "RevertError";
  readonly revert: string;
  readonly values: readonly string[];

  constructor(action: string, revert: string, values: readonly string[], cause?: unknown, remedies = ledgerRemedies) {
    const remedy = remedies[revert] ?? "see this error in contracts/ICollectiveLearning.sol";
    super("reverted", `the contract refused to ${action}: ${revert}(${values.join(", ")})`, { remedy, cause });
    this.revert = revert;
    this.values = values;
  }
}

/** Revert data of a failed call, wherever the endpoint put it. */
function revertData(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; typeof at === "object" && at !== null && depth < 6; depth++) {
    const { data, error: inner, info, cause } = at as Record<string, unknown>;
    if (typeof data === "string" && data.startsWith("0x") && data.length >= 10) return data;
    if (typeof data === "object" && data !== null && "data" in data && typeof data.data === "string") return data.data;
    at = inner ?? info ?? cause;
  }
  return undefined;
}

/** Whether ethers threw it: such an error's message and stack may carry the request, with its address and body. */
function isEthersError(error: unknown): error is EthersError {
  return error instanceof Error && "code" in error && "shortMessage" in error;
}

/** What ethers, or anything else, has to say of a failure, without the request that failed. */
export function reasonOf(error: unknown): string {
  if (isEthersError(error)) return error.shortMessage;
  return error instanceof Error ? error.message : String(error);
}

/** What an endpoint that fails is to ethers. */
const endpointCodes: ReadonlySet<string> = new Set(["SERVER_ERROR", "NETWORK_ERROR", "TIMEOUT", "CANCELLED"]);

/**
 * The UserError `rpc` of an endpoint that cannot be reached or answers with something else than JSON-RPC; undefined
 * where an error is none of these. It has no cause: that would carry the address, and a password or key in it.
 * @param host what may be shown of the address
 */
export function endpointError(error: unknown, host?: string): UserError | undefined {
  const isFetch = error instanceof TypeError && error.message === "fetch failed";
  // What ethers says of an answer that is not JSON.
  const isBody = isError(error, "UNSUPPORTED_OPERATION") && error.operation === "bodyJson";
  if (!isFetch && !isBody && !(isEthersError(error) && endpointCodes.has(error.code))) return undefined;
  const where = host === undefined ? "the JSON-RPC endpoint" : `the JSON-RPC endpoint at ${host}`;
  return new UserError("rpc", `${where} does not answer: ${reasonOf(error)}`, {
    remedy: "check that it runs, and --rpc",
  });
}

/** The last resort for an error of ethers that nobody explained: one line, without the request; undefined for others. */
export function plainError(error: unknown): ColearnError | undefined {
  if (!isEthersError(error)) return undefined;
  return endpointError(error) ?? new ColearnError("ethers", `${error.shortMessage} (${error.code})`);
}

/**
 * Turns what ethers throws into what a person, or the node, can act on.
 * @param remedies what to do about the refusals of another contract than the ledger
 */
export function explain(error: unknown, action: string, contract: Interface, remedies?: Remedies): Error {
  if (error instanceof ColearnError) return error;
  const data = revertData(error);
  const parsed = data === undefined ? null : contract.parseError(data);
  if (parsed) return new RevertError(action, parsed.name, parsed.args.map(String), error, remedies);
  if (isError(error, "INSUFFICIENT_FUNDS") || /insufficient funds|doesn't have enough funds/i.test(String(error))) {
    return new UserError("no-funds", `this key has no funds to ${action}`, {
      remedy: "send it some of the network's currency",
      cause: error,
    });
  }
  if (isError(error, "CALL_EXCEPTION")) {
    return new ColearnError("reverted", `the contract refused to ${action}: ${error.shortMessage}`, { cause: error });
  }
  return endpointError(error) ?? (error instanceof Error ? error : new Error(String(error)));
}
