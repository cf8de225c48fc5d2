import {
  FetchRequest,
  JsonRpcProvider,
  makeError,
  type FetchCancelSignal,
  type JsonRpcPayload,
  type JsonRpcResult,
} from "ethers";

import { endpointError } from "./errors.ts";

/** How long an endpoint may take to answer a request in full. */
const REQUEST_TIMEOUT_MILLISECONDS = 15_000;
/** An endpoint that says "too many requests" is asked this often, with longer and longer pauses: some 8 s in all. */
const ATTEMPTS = 6;

/**
 * A JSON-RPC endpoint over HTTP. An endpoint that does not answer, or answers with anything but JSON-RPC, is a UserError
 * `rpc` that names its host: the rest of the address may hold a password or an API key, and is never shown.
 */
export class Endpoint extends JsonRpcProvider {
  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const request = this._getConnection();
    return await post(request, payload).catch((error: unknown) => {
      throw endpointError(error, hostOf(request.url)) ?? error;
    });
  }
}

/**
 * Sends a question, or several at once.
 * @param request used up by this: a copy of the endpoint's
 * @throws what ethers throws where the endpoint does not answer, or not with JSON-RPC
 */
export async function post(
  request: FetchRequest,
  payload: JsonRpcPayload | JsonRpcPayload[],
): Promise<JsonRpcResult[]> {
  request.body = JSON.stringify(payload);
  request.setHeader("content-type", "application/json");
  const response = await request.send();
  response.assertOk();
  const results: unknown[] = [response.bodyJson as unknown].flat();
  if (results.every(isResult)) return results;
  throw makeError("the answer is not JSON-RPC", "NETWORK_ERROR", { event: "answer" });
}

/** No more than what ethers takes for granted. */
function isResult(value: unknown): value is JsonRpcResult {
  return typeof value === "object" && value !== null;
}

/** The part of an address that may be shown. */
export function hostOf(rpc: string): string {
  return new URL(rpc).host;
}

/** The request that each question to an endpoint is a copy of. A user and password in the address become a header. */
export function endpointRequest(rpc: string): FetchRequest {
  const url = new URL(rpc);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  const request = new FetchRequest(url.href);
  if (username !== "" || password !== "") {
    request.setCredentials(decodeURIComponent(username), decodeURIComponent(password));
    request.allowInsecureAuthentication = url.protocol === "http:";
  }
  request.timeout = REQUEST_TIMEOUT_MILLISECONDS;
  request.setThrottleParams({ maxAttempts: ATTEMPTS });
  request.getUrlFunc = getUrl;
  return request;
}

/**
 * Sends a request. What ethers has for this bounds only the silence between two bytes, and leaves the connection open
 * when its patience ends: a node that asks for weeks would run out of sockets.
 */
async function getUrl(request: FetchRequest, cancelled?: FetchCancelSignal): ReturnType<FetchRequest["getUrlFunc"]> {
  const cancelling = new AbortController();
  cancelled?.addListener(() => {
    cancelling.abort();
  });
  // It is fetch that knows the length: Node 22's refuses to be told.
  const told = Object.entries(request.headers).filter(([name]) => name !== "content-length");
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: told,
      body: request.body && Buffer.from(request.body),
      redirect: "manual",
      signal: AbortSignal.any([AbortSignal.timeout(request.timeout), cancelling.signal]),
    });
    const headers: Record<string, string> = {};
    response.headers.forEach((value, name) => {
      // Redirections are not followed: what is asked goes to the host that the operator named, and to no other.
      if (name !== "location") headers[name] = value;
    });
    return {
      statusCode: response.status,
      statusMessage: response.statusText,
      headers,
      body: new Uint8Array(await response.arrayBuffer()),
    };
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") {
      throw makeError("no answer in time", "TIMEOUT", { operation: "request", reason: "timeout" });
    }
    const { code } = (error instanceof Error ? (error.cause ?? {}) : {}) as { code?: unknown };
    const why = typeof code === "string" && /^[A-Z_0-9]+$/.test(code) ? `: ${code}` : "";
    throw makeError(`request failed${why}`, "NETWORK_ERROR", { event: "request" });
  }
}
