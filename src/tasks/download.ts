/** Fetches a published file: goes on where it was broken off, and takes no other bytes than those that were published. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { ColearnError, UserError } from "../errors.ts";
import type { OnProgress } from "../learning/interface.ts";
import type { SourceFile } from "./data-loader.ts";

/** A server that says nothing for so long is not waited for. */
const SILENCE_MILLISECONDS = 30_000;

export interface DownloadOptions {
  readonly folder: string;
  /** What to do where the download fails: one sentence. */
  readonly byHand: string;
  /** Bytes so far, of all. */
  readonly onProgress?: OnProgress;
}

/**
 * Fetches the file to the folder, unless it is there. Until it is whole and right it is called `NAME.part`, which a later
 * call goes on with.
 * @throws ColearnError `download` with no network, `download-broken` for a file that breaks off, `download-wrong` for one
 * that is not the published one; UserError `download-other` where another file has its name
 */
export async function download(file: SourceFile, options: DownloadOptions): Promise<"fetched" | "there"> {
  const path = join(options.folder, file.name);
  if ((await sizeOf(path)) !== undefined) {
    if ((await hashOf(path)) === file.sha256) return "there";
    throw new UserError("download-other", `${path} is there, and not the published file`, {
      remedy: "move it away, or name another folder",
    });
  }
  const part = `${path}.part`;
  const had = (await sizeOf(part)) ?? 0;
  // What is whole and wrong cannot be gone on with.
  if (had > file.bytes || (had === file.bytes && (await hashOf(part)) !== file.sha256)) await rm(part);
  if (had !== file.bytes || (await sizeOf(part)) === undefined) await transfer(file, part, options);
  if ((await hashOf(part)) !== file.sha256) {
    throw new ColearnError("download-wrong", `${file.url} is not the published ${file.name}: its SHA-256 differs`, {
      remedy: `it is kept as ${part}; ${options.byHand}`,
    });
  }
  await rename(part, path);
  return "fetched";
}

async function transfer(file: SourceFile, part: string, { byHand, onProgress }: DownloadOptions): Promise<void> {
  const had = (await sizeOf(part)) ?? 0;
  const abort = new AbortController();
  const silence = setTimeout(() => abort.abort(new Error("the server said nothing for 30 s")), SILENCE_MILLISECONDS);
  let done = 0;
  try {
    const { ok, status, body } = await fetch(file.url, {
      headers: had > 0 ? { Range: `bytes=${had}-` } : {},
      signal: abort.signal,
    });
    if (!ok || body === null) throw new Error(`the server answered ${status}`);
    // Servers may not know Range, and then begin at the beginning.
    const goesOn = status === 206;
    await using output = await open(part, goesOn ? "a" : "w");
    done = goesOn ? had : 0;
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      silence.refresh();
      done += chunk.length;
      if (done > file.bytes) throw new Error(`it is longer than ${file.bytes} bytes`);
      await output.writeFile(chunk);
      onProgress?.(done, file.bytes);
    }
  } catch (error) {
    throw new ColearnError("download", `${file.url} could not be fetched: ${reasonOf(error)}`, {
      remedy: `try again, which goes on from ${done} bytes; or ${byHand}`,
      cause: error,
    });
  } finally {
    clearTimeout(silence);
  }
  if (done === file.bytes) return;
  throw new ColearnError("download-broken", `${file.url} ended after ${done} of ${file.bytes} bytes`, {
    remedy: `try again, which goes on from there; or ${byHand}`,
  });
}

/** What fetch hides in the cause says more: "fetch failed" because of ENOTFOUND. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message || message : message;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
