import { createHash } from "node:crypto";

import { creations, type TestChain } from "./chain.ts";
import {
  compile,
  type CompiledContract,
  type CompilerInput,
  metadataOf,
  metadataTrailer,
  withoutImmutables,
} from "./compiler.ts";

const VERSION = [0, 8, 37] as const;

/** What is sent to a verifier, whichever API it speaks. */
export interface Submission {
  readonly to: string;
  readonly address: string;
  readonly input: CompilerInput;
  /** `source:contract`, as solc knows it. */
  readonly contract: string;
  readonly compilerVersion: string;
  /** Hex without 0x; undefined where the API has no field for them. */
  readonly constructorArguments: string | undefined;
}

/** What was found: undefined while it is looked at, the empty string when all is well. */
export type Verdict = string | undefined;

/**
 * Compiles what is submitted and compares it with what is on the chain: the creation to the last byte, constructor
 * arguments included, and the runtime code to the last byte but for the immutable values, metadata hash included.
 */
export class Verifier {
  readonly submissions: (Submission & { verdict: Verdict; waiting: boolean })[] = [];
  readonly #chain: TestChain;
  /** One input is compiled once, however many APIs it comes through. */
  readonly #metadata = new Map<string, Promise<string>>();
  readonly #compiled = new Map<string, Promise<CompiledContract>>();

  constructor(chain: TestChain) {
    this.#chain = chain;
  }

  /** The number under which to ask for the verdict. */
  submit(submission: Submission): number {
    const waiting = !this.submissions.some(({ to }) => to === submission.to);
    const job = { ...submission, verdict: undefined as Verdict, waiting };
    void this.#compare(submission).then(
      (verdict) => (job.verdict = verdict),
      (error: unknown) => (job.verdict = error instanceof Error ? error.message : String(error)),
    );
    return this.submissions.push(job) - 1;
  }

  /** Undefined for as long as the comparison lasts, and when it is asked for the very first time, as in a queue. */
  verdict(id: number): Verdict {
    const job = this.submissions[id];
    if (job === undefined) return "no such job";
    if (!job.waiting) return job.verdict;
    job.waiting = false;
    return undefined;
  }

  isVerified(to: string, address: string): boolean {
    return this.submissions.some(
      (job) => job.to === to && job.verdict === "" && job.address.toLowerCase() === address.toLowerCase(),
    );
  }

  async #compare({ address, input, contract, ...sent }: Submission): Promise<string> {
    if (!sent.compilerVersion.startsWith(`v${VERSION.join(".")}+commit.`)) return `compiler ${sent.compilerVersion}`;
    const runtime = (await this.#chain.request<string>("eth_getCode", address, "latest")).slice(2);
    if (runtime === "") return "no code at the address";
    const key = createHash("sha256").update(contract).update(JSON.stringify(input)).digest("hex");
    const metadata = this.#metadata.get(key) ?? metadataOf(input, contract);
    this.#metadata.set(key, metadata);
    if (!runtime.endsWith(await metadataTrailer(await metadata, VERSION))) return "the metadata hash differs";

    const compiled = this.#compiled.get(key) ?? compile(input, contract);
    this.#compiled.set(key, compiled);
    const output = await compiled;
    const expected = output.evm.deployedBytecode.object;
    if (withoutImmutables(runtime, output) !== withoutImmutables(expected, output)) return "the runtime code differs";

    const creation = (await creations(this.#chain)).find((made) => made.contract === address.toLowerCase());
    const code = `0x${output.evm.bytecode.object}`;
    const same =
      sent.constructorArguments === undefined
        ? creation?.input.startsWith(code)
        : creation?.input === code + sent.constructorArguments;
    return same === true ? "" : "the creation code or the constructor arguments differ";
  }
}
