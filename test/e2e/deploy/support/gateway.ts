import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of a signed transaction: it passes, or it or its answer is lost, as when a process dies just then. */
export type Fate = "passes" | "lost" | "answer lost";

export interface Gateway {
  readonly rpc: string;
  fate: Fate;
  /** Called when a transaction, or its answer, was lost. */
  onLoss: () => void;
  /** How many transactions were sent through it. */
  sent: number;
  stop(): void;
}

/** An endpoint before a chain, which loses what it is told to lose. */
export async function startGateway(chain: string): Promise<Gateway> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const fate = body.includes("eth_sendRawTransaction") ? gateway.fate : "passes";
      if (body.includes("eth_sendRawTransaction")) gateway.sent++;
      if (fate === "lost") {
        gateway.onLoss();
        return;
      }
      void fetch(chain, { method: "POST", body, headers: { "content-type": "application/json" } }).then(
        async (answer) => {
          const text = await answer.text();
          if (fate === "answer lost") gateway.onLoss();
          else response.end(text);
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const gateway: Gateway = {
    rpc: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fate: "passes",
    onLoss: () => undefined,
    sent: 0,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return gateway;
}
