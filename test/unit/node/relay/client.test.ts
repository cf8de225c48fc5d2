import { expect } from "chai";
import { pino } from "pino";

import type { RelayedCall } from "../../../../src/ledger/signed-call.ts";
import type { ContactBook } from "../../../../src/node/contact.ts";
import { callTime, RelayClient } from "../../../../src/node/relay/client.ts";
import { encodeAnswer, type Answer } from "../../../../src/node/relay/protocol.ts";
import type { Messages } from "../../../../src/storage/messages.ts";

const call: RelayedCall = { kind: "open-call", call: "0x12" };
const hash = (digit: string) => `0x${digit.repeat(64)}`;
const done = (digit: string): Answer => ({ status: "done", transaction: hash(digit) });
const no: Answer = { status: "refused", code: "no-funds", reason: "none" };

/** A client of relays that answer, or are silent; those that are silent say when they are not waited for any more. */
function clientOf(relays: readonly (Answer | "silent" | "dead")[], callMilliseconds: number) {
  const asked: number[] = [];
  const ended: number[] = [];
  const messages = {
    ask: async ([address]: readonly string[], _protocol: string, _question: Uint8Array, signal: AbortSignal) => {
      const place = Number(address);
      asked.push(place);
      const answer = relays[place];
      if (answer === "dead" || answer === undefined) throw new Error("nobody is there");
      if (answer !== "silent") return encodeAnswer(answer);
      return new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => {
          ended.push(place);
          reject(new Error("aborted"));
        });
      });
    },
  };
  const contacts = { relays: async () => relays.map((_, place) => [String(place)]) };
  const client = new RelayClient({
    messages: messages as unknown as Messages,
    contacts: contacts as unknown as ContactBook,
    relayers: [],
    log: pino({ level: "silent" }),
    callMilliseconds,
    ending: new AbortController().signal,
  });
  return { client, asked, ended };
}

const onlyA = async (said: string) => (said === hash("a") ? "confirmed" : undefined);

describe("a call that is relayed", () => {
  it("is sent by the first that sends it: the others are not asked", async () => {
    const { client, asked } = clientOf(["dead", no, done("a"), done("a")], 60_000);
    expect(await client.send(call, onlyA)).to.equal("confirmed");
    expect(asked).to.deep.equal([0, 1, 2]);
  });

  it("is sent by the next where one says that it sent it, and did not", async () => {
    const { client, asked } = clientOf([done("b"), done("a")], 60_000);
    expect(await client.send(call, onlyA)).to.equal("confirmed");
    expect(asked).to.deep.equal([0, 1]);
  });

  it("gets past eight silent relays in the time of one call, and waits for none of them then", async () => {
    const silent = Array.from({ length: 8 }, () => "silent" as const);
    const { client, asked, ended } = clientOf([...silent, done("a")], 400);
    expect(await client.send(call, onlyA)).to.equal("confirmed");
    expect(asked).to.have.length(9);
    expect(ended).to.have.length(8);
  });

  it("is given up when its time is over", async () => {
    const { client, asked, ended } = clientOf(["silent", "silent"], 100);
    const failure = await client.send(call, onlyA).catch((error: unknown) => error);
    expect(failure).to.have.property("code", "not-relayed");
    expect([asked, ended]).to.deep.equal([
      [0, 1],
      [0, 1],
    ]);
  });

  it("has a third of the shortest window, and no more than a minute", () => {
    const windows = { proposeWindow: 600, voteWindow: 600, revealWindow: 0 };
    expect(callTime(windows)).to.equal(60_000);
    expect(callTime({ ...windows, proposeWindow: 60 })).to.equal(20_000);
    expect(callTime({ ...windows, revealWindow: 30 })).to.equal(10_000);
    expect(callTime({ ...windows, voteWindow: 40 }), "a timer's whole milliseconds").to.equal(13_333);
    expect(callTime({ ...windows, voteWindow: 5 })).to.equal(5_000);
  });
});
