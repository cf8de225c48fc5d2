import { ColearnError } from "../../errors.ts";
import { reasonOf } from "../../ledger/errors.ts";
import type { Messages } from "../../storage/messages.ts";
import { CallSender } from "./calls.ts";
import { Collector, refused, type RelayContext } from "./collector.ts";
import { decodeRequest, encodeAnswer, PROTOCOL, type Answer, type Request } from "./protocol.ts";
import { RefusalLog } from "./refusal-log.ts";

/** A relay at work. */
export interface Relay extends AsyncDisposable {
  /** Asks it within this process. */
  answer(request: Request): Promise<Answer>;
}

/** Relays for whoever asks over libp2p, until it is disposed of. What it refuses is a line in the log. */
export async function serveRelay(context: RelayContext, messages: Messages): Promise<Relay> {
  const collector = new Collector(context);
  const sender = new CallSender(context);
  const refusals = new RefusalLog(context.log);
  const answer = (request: Request) => (request.kind === "vote" ? collector.take(request) : sender.send(request));
  await messages.serve(
    PROTOCOL,
    async (question, peer) => {
      const said = await answerOrRefuse(question, answer);
      if (said.status === "refused") refusals.add(peer, said.code, said.reason);
      return encodeAnswer(said);
    },
    (error, peer) => {
      refusals.add(peer, error instanceof ColearnError ? error.code : "stream", reasonOf(error));
    },
  );
  return {
    answer,
    async [Symbol.asyncDispose]() {
      await messages.close(PROTOCOL);
      await collector.stop();
    },
  };
}

async function answerOrRefuse(question: Uint8Array, answer: (request: Request) => Promise<Answer>): Promise<Answer> {
  try {
    return await answer(decodeRequest(question));
  } catch (error) {
    if (!(error instanceof ColearnError)) throw error;
    // What went wrong here is this machine's, and no stranger's business.
    const isTheirs = error.code === "relay-request";
    return refused({
      code: error.code,
      reason: isTheirs ? error.message.slice(0, 500) : "this relay cannot at present",
    });
  }
}
