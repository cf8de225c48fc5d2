import { setTimeout as sleep } from "node:timers/promises";

import type { Logger } from "pino";

import { ColearnError, UserError } from "../errors.ts";
import type { Store } from "../storage/store.ts";
import { formatContentId, type ContentId } from "../weights/content-id.ts";
import { MAX_MANIFEST_BYTES, parseManifest, type Manifest } from "../weights/manifest.ts";
import { fetchFile, type ContactBook } from "./contact.ts";

const AGAIN_MILLISECONDS = 2_000;

/**
 * Waits until some learner can give the manifest; undefined when told to stop before, or when there is nothing to wait for.
 * @param isOver whether the experiment was cancelled
 * @throws UserError when the experiment's manifest is not one that this version can take part in
 */
export async function fetchManifest(
  id: ContentId,
  {
    store,
    contacts,
    log,
    isOver,
  }: { store: Store; contacts: ContactBook; log: Logger; isOver: () => Promise<boolean> },
  timeoutMilliseconds: number,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  const stopped = () => signal.aborted;
  while (!stopped()) {
    try {
      const limits = { maxBytes: MAX_MANIFEST_BYTES, signal, timeoutMilliseconds };
      const bytes = await fetchFile({ store, contacts }, id, limits);
      await store.pin(id, signal);
      return readManifest(bytes);
    } catch (error) {
      if (stopped()) return undefined;
      if (!(error instanceof ColearnError) || error.code !== "not-found") throw error;
      if (await isOver()) return undefined;
      log.info({ manifest: formatContentId(id) }, "waiting for a learner that has the experiment's manifest");
      await sleep(AGAIN_MILLISECONDS, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

function readManifest(bytes: Uint8Array): Manifest {
  try {
    return parseManifest(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("manifest", `this experiment cannot be joined: ${reason}`, {
      remedy: "check the experiment's number, or update colearn-ledger",
      cause,
    });
  }
}
