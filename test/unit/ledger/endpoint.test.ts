import { expect } from "chai";

import { endpointRequest, hostOf } from "../../../src/ledger/endpoint.ts";

describe("a request to an endpoint", () => {
  it("carries a user and password as a header, not in its address", () => {
    const request = endpointRequest("http://us%40er:p%3Ass@127.0.0.1:8545/v3/key?a=b");
    expect(request.url).to.equal("http://127.0.0.1:8545/v3/key?a=b");
    expect(request.credentials).to.equal("us@er:p:ss");
    expect(request.allowInsecureAuthentication).to.equal(true);
    expect(request.getHeader("authorization")).to.equal(`Basic ${btoa("us@er:p:ss")}`);
  });

  it("carries none where none is given", () => {
    expect(endpointRequest("https://rpc.example/").headers).not.to.have.property("authorization");
  });

  it("has 15 seconds", () => {
    expect(endpointRequest("https://rpc.example/").timeout).to.equal(15_000);
  });
});

describe("what is shown of an endpoint's address", () => {
  it("is its host alone", () => {
    expect(hostOf("https://user:secret@rpc.example:444/v3/key?token=1#x")).to.equal("rpc.example:444");
  });
});
