import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import type { CompilerInput } from "./compiler.ts";
import type { Verifier } from "./verifier.ts";

export const API_KEY = "etherscan-key-of-a-test";

interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

/**
 * Three verifiers behind one port, each speaking its API as the real one does: `/etherscan/api` (Etherscan's version 2),
 * `/blockscout/api`, and `/sourcify` (version 2).
 */
export async function startVerifierApis(verifier: Verifier, chainId: number) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://verifier");
      const body = Buffer.concat(chunks).toString();
      const answer = url.pathname.startsWith("/sourcify/v2/")
        ? sourcify(verifier, chainId, url, body)
        : explorer(verifier, chainId, url, body);
      response.writeHead(answer.status ?? 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    /** The variables that make Hardhat use these verifiers for its network `custom`. */
    environment: {
      CUSTOM_CHAIN_ID: String(chainId),
      CUSTOM_ETHERSCAN_URL: `${base}/etherscan`,
      CUSTOM_BLOCKSCOUT_URL: `${base}/blockscout/`,
      SOURCIFY_URL: `${base}/sourcify`,
      ETHERSCAN_API_KEY: API_KEY,
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Etherscan's API, which Blockscout imitates; that one has no key and no chain id. */
function explorer(verifier: Verifier, chainId: number, { pathname, searchParams: query }: URL, body: string): Answer {
  const ok = (result: unknown) => ({ body: { status: "1", message: "OK", result } });
  const notOk = (result: string) => ({ body: { status: "0", message: "NOTOK", result } });
  const etherscan = pathname === "/etherscan/api";
  if (!etherscan && pathname !== "/blockscout/api") return { status: 404, body: { result: `nothing at ${pathname}` } };
  if (etherscan && query.get("apikey") !== API_KEY) return notOk("Invalid API Key (#err2)");
  if (etherscan && query.get("chainid") !== String(chainId)) return notOk("Missing or unsupported chainid parameter");
  if (query.get("module") !== "contract") return notOk("Error! Missing Or invalid Module name");

  switch (query.get("action")) {
    case "getsourcecode":
      return ok([{ SourceCode: verifier.isVerified(pathname, query.get("address") ?? "") ? "{{…}}" : "" }]);
    case "verifysourcecode": {
      const form = new URLSearchParams(body);
      if (form.get("codeformat") !== "solidity-standard-json-input") return notOk("unexpected codeformat");
      return ok(
        String(
          verifier.submit({
            to: pathname,
            address: form.get("contractaddress") ?? "",
            input: JSON.parse(form.get("sourceCode") ?? "") as CompilerInput,
            contract: form.get("contractname") ?? "",
            compilerVersion: form.get("compilerversion") ?? "",
            constructorArguments: form.get("constructorArguments") ?? "",
          }),
        ),
      );
    }
    case "checkverifystatus": {
      const verdict = verifier.verdict(Number(query.get("guid")));
      if (verdict === undefined) return etherscan ? notOk("Pending in queue") : ok("Pending in queue");
      if (verdict === "") return ok("Pass - Verified");
      return etherscan ? notOk(`Fail - Unable to verify. Reason: ${verdict}`) : ok("Fail - Unable to verify");
    }
    case null:
    default:
      return notOk("Error! Missing Or invalid Action name");
  }
}

function sourcify(verifier: Verifier, chainId: number, { pathname }: URL, body: string): Answer {
  const [kind, ...parts] = pathname.replace("/sourcify/v2/", "").split("/");
  const contract = (address: string, match: "exact_match" | null) => {
    return { match, creationMatch: match, runtimeMatch: match, chainId: String(chainId), address };
  };
  if (kind === "contract") {
    const address = parts[1] ?? "";
    const verified = verifier.isVerified("sourcify", address);
    return { status: verified ? 200 : 404, body: contract(address, verified ? "exact_match" : null) };
  }
  const [first = "", address] = parts;
  if (address !== undefined) {
    const error = { customCode: "unsupported_chain", message: `The chain ${first} is not supported`, errorId: "1" };
    if (first !== String(chainId)) return { status: 404, body: error };
    const { stdJsonInput, contractIdentifier, compilerVersion } = JSON.parse(body) as {
      stdJsonInput: CompilerInput;
      contractIdentifier: string;
      compilerVersion: string;
    };
    const id = verifier.submit({
      to: "sourcify",
      address,
      input: stdJsonInput,
      contract: contractIdentifier,
      compilerVersion,
      constructorArguments: undefined,
    });
    return { status: 202, body: { verificationId: String(id) } };
  }
  const verdict = verifier.verdict(Number(first));
  const at = verifier.submissions[Number(first)]?.address ?? "";
  return {
    body: {
      isJobCompleted: verdict !== undefined,
      verificationId: first,
      jobStartTime: "2026-01-01T00:00:00Z",
      contract: contract(at, verdict === "" ? "exact_match" : null),
      ...(verdict ? { error: { customCode: "no_match", message: `No match: ${verdict}`, errorId: "2" } } : {}),
    },
  };
}
