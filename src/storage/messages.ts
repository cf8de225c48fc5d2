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
/** Whoever opens a stream asks at once. */
const FIRST_BYTE_MILLISECONDS = 3_000;
/** The question must have come in by then. */
const QUESTION_MILLISECONDS = 10_000;
/** Streams of one peer, over however many connections. */
const STREAMS_OF_A_PEER = 8;
/** Questions that are read at once: the oldest gives way, as a question that is really sent is read in no time. */
const READINGS = 256;
/** Questions that are answered at once. */
const ANSWERS = 64;
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
  let answering = 0;
  const streams = new Map<string, number>();
  const readings = new Set<AbortController>();

  /** Reads a question, unless it is slow. */
  async function readQuestion(stream: Stream): Promise<Uint8Array> {
    const reading = new AbortController();
    const end = (why: string) => reading.abort(new StoreError("unavailable", why));
    readings.add(reading);
    const [oldest] = readings;
    if (readings.size > READINGS) oldest?.abort(new StoreError("unavailable", `more than ${READINGS} silent streams`));
    const first = setTimeout(() => end("no question came"), FIRST_BYTE_MILLISECONDS);
    const whole = setTimeout(() => end("the question did not come in time"), QUESTION_MILLISECONDS);
    try {
      return await orAborted(
        readFrame(stream, () => clearTimeout(first)),
        reading.signal,
      );
    } finally {
      clearTimeout(first);
      clearTimeout(whole);
      readings.delete(reading);
    }
  }

  async function answer(stream: Stream, from: string, answerer: Answerer): Promise<void> {
    const question = await readQuestion(stream);
    if (answering >= ANSWERS) throw new StoreError("unavailable", `more than ${ANSWERS} questions at once`);
    answering++;
    try {
      const over = AbortSignal.timeout(STREAM_MILLISECONDS);
      await writeMessage(stream, await orAborted(answerer(question, from), over), over);
    } finally {
      answering--;
    }
  }

  return {
    async serve(protocol, answerer, onRefused) {
      async function handle(stream: Stream, from: string): Promise<void> {
        const others = streams.get(from) ?? 0;
        streams.set(from, others + 1);
        try {
          if (others >= STREAMS_OF_A_PEER) {
            throw new StoreError("unavailable", `more than ${STREAMS_OF_A_PEER} streams of one peer`);
          }
          await answer(stream, from, answerer);
        } catch (error) {
          onRefused(error, from);
          stream.abort(error instanceof Error ? error : new Error(String(error)));
        } finally {
          const left = (streams.get(from) ?? 1) - 1;
          if (left > 0) streams.set(from, left);
          else streams.delete(from);
        }
      }
      await libp2p.handle(
        protocol,
        (stream, connection) => {
          void handle(stream, connection.remotePeer.toString());
        },
        // Of one connection: a peer may have several.
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
        const answer = orAborted(readFrame(stream), until);
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

async function readFrame(stream: Stream, onBytes: () => void = () => undefined): Promise<Uint8Array> {
  let frame = new Uint8Array(0);
  for await (const chunk of stream) {
    onBytes();
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
