/**
 * Short messages between the peers of embedded stores: one question and one answer a stream, each behind its length.
 * Whoever connects may ask, so everything is bounded: the bytes, the time, and how many are answered at once.
 */
import type { Libp2p, Stream } from "@libp2p/interface";

import { orAborted } from "./abort.ts";
import { StoreError } from "./errors.ts";
import { parseProviders } from "./providers.ts";

/** A question or an answer is at most this long. */
const MAX_MESSAGE_BYTES = 65_536;
/** A stream is open no longer than this. */
const STREAM_MILLISECONDS = 150_000;
/** The question must have come in by then. */
const QUESTION_MILLISECONDS = 10_000;
/** Questions of one peer that are answered at once. */
const STREAMS_OF_A_PEER = 8;
/** Questions that are answered at once. */
const STREAMS = 64;
const LENGTH_BYTES = 4;

/** Answers a question of the peer `from`. What it throws ends the stream without an answer. */
export type Answerer = (question: Uint8Array, from: string) => Promise<Uint8Array>;

export interface Messages {
  /**
   * Answers questions from now on.
   * @param onRefused told of a stream that was ended without an answer
   */
  serve(protocol: string, answerer: Answerer, onRefused: (error: unknown, from: string) => void): Promise<void>;
  /** Answers no more questions. */
  close(protocol: string): Promise<void>;
  /**
   * Asks the first peer that the addresses (with /p2p/ ids) name.
   * @throws StoreError `not-found` where nobody answers there
   */
  ask(addresses: readonly string[], protocol: string, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

export function messagesOf(libp2p: Libp2p): Messages {
  let open = 0;
  return {
    async serve(protocol, answerer, onRefused) {
      async function handle(stream: Stream, from: string): Promise<void> {
        const end = new AbortController();
        try {
          if (++open > STREAMS) throw new StoreError("unavailable", `more than ${STREAMS} questions at once`);
          const over = AbortSignal.any([end.signal, AbortSignal.timeout(STREAM_MILLISECONDS)]);
          const question = await readMessage(stream, AbortSignal.timeout(QUESTION_MILLISECONDS));
          await writeMessage(stream, await orAborted(answerer(question, from), over), over);
        } catch (error) {
          onRefused(error, from);
          stream.abort(error instanceof Error ? error : new Error(String(error)));
        } finally {
          open--;
        }
      }
      await libp2p.handle(
        protocol,
        (stream, connection) => {
          void handle(stream, connection.remotePeer.toString());
        },
        { maxInboundStreams: STREAMS_OF_A_PEER },
      );
    },

    async close(protocol) {
      await libp2p.unhandle(protocol);
    },

    async ask(addresses, protocol, question, signal) {
      const [peer] = parseProviders(addresses, libp2p.peerId.toString());
      if (peer === undefined) throw new StoreError("not-found", "no address to ask at");
      let stream: Stream | undefined;
      try {
        const until = AbortSignal.any([signal, AbortSignal.timeout(STREAM_MILLISECONDS)]);
        stream = await orAborted(libp2p.dialProtocol([...peer.addresses], protocol, { signal: until }), until);
        const answer = readMessage(stream, until);
        answer.catch(() => undefined); // Writing fails first where the peer hangs up.
        await writeMessage(stream, question, until);
        return await answer;
      } catch (cause) {
        stream?.abort(cause instanceof Error ? cause : new Error(String(cause)));
        signal.throwIfAborted();
        const said = cause instanceof Error ? cause.message : String(cause);
        throw new StoreError("not-found", `${peer.peerId} gave no answer: ${said}`, { cause });
      }
    },
  };
}

async function readMessage(stream: Stream, signal: AbortSignal): Promise<Uint8Array> {
  return orAborted(readFrame(stream), signal);
}

async function readFrame(stream: Stream): Promise<Uint8Array> {
  let frame = new Uint8Array(0);
  for await (const chunk of stream) {
    frame = Buffer.concat([frame, chunk.subarray()]);
    if (frame.length < LENGTH_BYTES) continue;
    const length = new DataView(frame.buffer, frame.byteOffset).getUint32(0);
    if (length > MAX_MESSAGE_BYTES || frame.length > LENGTH_BYTES + length) {
      throw new StoreError("too-large", `a message of ${length} bytes: at most ${MAX_MESSAGE_BYTES} are read`);
    }
    if (frame.length === LENGTH_BYTES + length) return frame.subarray(LENGTH_BYTES);
  }
  throw new StoreError("malformed", "the message ends before its length");
}

async function writeMessage(stream: Stream, message: Uint8Array, signal: AbortSignal): Promise<void> {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(message.length);
  if (!stream.send(Buffer.concat([length, message]))) await stream.onDrain({ signal });
  await stream.close({ signal });
}
