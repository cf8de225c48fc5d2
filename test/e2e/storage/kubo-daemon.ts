/**
 * A daemon with Kubo's RPC, in a process of its own: `node kubo-daemon.ts <repo directory>`. It prints its RPC address
 * on one line and ends when its input closes, so it cannot outlive the test that started it. It runs offline: what is
 * tested is the RPC, and the networking of this last JavaScript daemon no longer starts beside today's libp2p.
 */
import { create } from "ipfs-core";
import { HttpApi } from "ipfs-http-server";

const [repo] = process.argv.slice(2);
if (repo === undefined) throw new Error("usage: kubo-daemon.ts <repo directory>");

const ipfs = await create({
  repo,
  silent: true,
  offline: true,
  init: { emptyRepo: true },
  config: {
    Addresses: { API: "/ip4/127.0.0.1/tcp/0", Gateway: "", Swarm: [], Delegates: [] },
    Bootstrap: [],
    Discovery: { MDNS: { Enabled: false }, webRTCStar: { Enabled: false } },
  },
});
const api = new HttpApi(ipfs);
await api.start();
// The package's types name a type that it does not ship.
const [server] = api._apiServers as { info: { uri: string } }[];
if (server === undefined) throw new Error("the RPC server did not start");
process.stdout.write(`${server.info.uri}\n`);

process.stdin.resume();
process.stdin.once("end", () => {
  void (async () => {
    await api.stop();
    await ipfs.stop();
    process.exit(0);
  })();
});
