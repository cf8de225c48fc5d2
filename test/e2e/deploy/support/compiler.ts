import { createRequire } from "node:module";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { importFile } from "ipfs-unixfs-importer";
import type { CID } from "multiformats/cid";

/** Of solc's standard JSON, what a verifier needs. */
export interface CompilerInput {
  readonly language: string;
  readonly sources: Record<string, { readonly content: string }>;
  readonly settings: Record<string, unknown>;
}

interface Spot {
  readonly start: number;
  readonly length: number;
}

export interface CompiledContract {
  readonly metadata: string;
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: {
      readonly object: string;
      readonly immutableReferences: Record<string, readonly Spot[]>;
    };
  };
}

/** A contract's metadata, which is known before any code is made of it, and so in a tenth of the time. */
export async function metadataOf(input: CompilerInput, contract: string): Promise<string> {
  return (await run(input, contract, ["metadata"])).metadata;
}

export function compile(input: CompilerInput, contract: string): Promise<CompiledContract> {
  return run(input, contract, ["metadata", "evm.bytecode.object", "evm.deployedBytecode"]);
}

/**
 * Runs the compiler of the build in a thread of its own.
 * @param contract `source:name`
 * @param outputs which do not touch the bytecode
 * @throws Error with what the compiler said
 */
function run(input: CompilerInput, contract: string, outputs: string[]): Promise<CompiledContract> {
  const separator = contract.lastIndexOf(":");
  const [source, name] = [contract.slice(0, separator), contract.slice(separator + 1)];
  return new Promise((resolve, reject) => {
    const outputSelection = { [source]: { [name]: outputs } };
    const narrowed = { ...input, settings: { ...input.settings, outputSelection } };
    const worker = new Worker(new URL(import.meta.url), { workerData: JSON.stringify(narrowed) });
    worker.once("error", reject);
    worker.once("message", (text: string) => {
      const { contracts, errors } = JSON.parse(text) as {
        contracts?: Record<string, Record<string, CompiledContract>>;
        errors?: { severity: string; formattedMessage: string }[];
      };
      const compiled = contracts?.[source]?.[name];
      if (compiled !== undefined) resolve(compiled);
      else reject(new Error(errors?.find(({ severity }) => severity === "error")?.formattedMessage ?? "no contract"));
    });
  });
}

/** Bytecode (hex without 0x) with zeros where the constructor writes immutable values. */
export function withoutImmutables(code: string, { evm }: CompiledContract): string {
  let masked = code;
  for (const { start, length } of Object.values(evm.deployedBytecode.immutableReferences).flat()) {
    masked = masked.slice(0, 2 * start) + "00".repeat(length) + masked.slice(2 * (start + length));
  }
  return masked;
}

/**
 * What solc appends to the bytecode for this metadata: its content id on IPFS (CIDv0) and the compiler's version, as
 * CBOR, and the length of it.
 */
export async function metadataTrailer(metadata: string, version: readonly [number, number, number]): Promise<string> {
  const nowhere = { put: (cid: CID): CID => cid };
  const { cid } = await importFile({ content: Buffer.from(metadata) }, nowhere, { cidVersion: 0, rawLeaves: false });
  const name = (text: string): string => Buffer.from(text).toString("hex");
  const cbor = `a264${name("ipfs")}5822${Buffer.from(cid.multihash.bytes).toString("hex")}64${name("solc")}43${Buffer.from(version).toString("hex")}`;
  return cbor + (cbor.length / 2).toString(16).padStart(4, "0");
}

if (!isMainThread && parentPort !== null) {
  const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
  parentPort.postMessage(solc.compile(workerData as string));
}
