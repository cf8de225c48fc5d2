import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isIPv6, type AddressInfo, type Socket } from "node:net";

import { UserError } from "../../errors.ts";

/** Where the server listens. */
export interface HttpAddress {
  readonly host: string;
  /** 0: the system chooses one. */
  readonly port: number;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface OperationServer extends AsyncDisposable {
  /** As http://127.0.0.1:9464, with the port that it has. */
  readonly url: string;
}

/** One connection is one question, and over after this, however slow who asks is. */
const CONNECTION_MILLISECONDS = 15_000;
/** With one more, the oldest is cut: who holds connections open keeps nobody out. */
const MAX_CONNECTIONS = 32;
const MAX_HEADER_BYTES = 8 * 1024;

/**
 * Answers questions about a process's health over HTTP, to GET alone.
 * @throws UserError `http` where it cannot listen there
 */
export async function serveHttp(
  { host, port }: HttpAddress,
  routes: ReadonlyMap<string, () => Promise<Answer>>,
): Promise<OperationServer> {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    void reply(request, response, routes);
  });
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    const late = setTimeout(() => socket.destroy(), CONNECTION_MILLISECONDS);
    socket.on("close", () => {
      clearTimeout(late);
      open.delete(socket);
    });
    const [oldest] = open;
    if (open.size > MAX_CONNECTIONS) oldest?.destroy();
  });
  const listening = once(server, "listening");
  server.listen({ host, port });
  await listening.catch((cause: unknown) => {
    throw new UserError("http", `cannot answer HTTP at ${shown(host, port)}: ${reasonOf(cause)}`, {
      remedy: "give another address or port with --http, or --http off",
      cause,
    });
  });
  return {
    url: `http://${shown(host, (server.address() as AddressInfo).port)}`,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function reply(
  { method, url = "" }: IncomingMessage,
  response: ServerResponse,
  routes: ReadonlyMap<string, () => Promise<Answer>>,
): Promise<void> {
  const { status, type, body } = await answerTo(method, url, routes);
  // HEAD is refused too: nothing that asks for health needs it.
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    connection: "close",
    ...(status === 405 ? { allow: "GET" } : {}),
  });
  response.end(body);
}

async function answerTo(
  method: string | undefined,
  url: string,
  routes: ReadonlyMap<string, () => Promise<Answer>>,
): Promise<Answer> {
  const type = "text/plain; charset=utf-8";
  const route = routes.get(url.replace(/\?.*$/s, ""));
  if (route === undefined) return { status: 404, type, body: `there is ${[...routes.keys()].join(", ")}\n` };
  if (method !== "GET") return { status: 405, type, body: "only GET is answered\n" };
  // What went wrong here is no stranger's business.
  return route().catch(() => ({ status: 500, type, body: "this cannot be told now\n" }));
}

function shown(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reasons: Partial<Record<string, string>> = {
    EADDRINUSE: "the port is in use",
    EADDRNOTAVAIL: "this machine has no such address",
    ENOTFOUND: "no such host",
    EACCES: "this user may not listen on that port",
  };
  return reasons[code] ?? String(error);
}
