import { BlockList, connect, isIP } from "node:net";

/** How far away an address can be reached from. */
export type Reach = "this machine" | "this network" | "anywhere";

const here = new BlockList();
here.addSubnet("127.0.0.0", 8, "ipv4");
here.addAddress("::1", "ipv6");

const near = new BlockList();
for (const [net, bits] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["100.64.0.0", 10],
] as const) {
  near.addSubnet(net, bits, "ipv4");
}
near.addSubnet("fc00::", 7, "ipv6");
near.addSubnet("fe80::", 10, "ipv6");

/** The part of a multiaddress that TCP connects to; undefined where it is none of TCP's. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

export function tcpAddress(multiaddr: string): TcpAddress | undefined {
  const [, , host, port] = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})(\/|$)/.exec(multiaddr) ?? [];
  return host === undefined || port === undefined ? undefined : { host, port: Number(port) };
}

export function reachOf({ host }: TcpAddress): Reach {
  if (host === "localhost") return "this machine";
  const family = isIP(host);
  if (family === 0) return "anywhere";
  const type = family === 6 ? "ipv6" : "ipv4";
  if (here.check(host, type)) return "this machine";
  return near.check(host, type) ? "this network" : "anywhere";
}

/** Whether something takes connections there. */
export function answers({ host, port }: TcpAddress, milliseconds = 3_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: milliseconds });
    const end = (does: boolean) => {
      socket.destroy();
      resolve(does);
    };
    socket
      .once("connect", () => end(true))
      .once("timeout", () => end(false))
      .once("error", () => end(false));
  });
}
