import { peerOf } from "../node/contact.ts";
import { answers, reachOf, tcpAddress, type Reach } from "./addresses.ts";
import { ok, warning, type Finding } from "./finding.ts";

/** Where a learner's node can be reached, by the ledger and by what its operator says. */
export interface Contact {
  /** Multiaddresses on the ledger; undefined where the key has not joined. */
  readonly announced: readonly string[] | undefined;
  /** Of `announced`, where something answers. */
  readonly answering: readonly string[];
  readonly listen: readonly string[];
  readonly announce: readonly string[];
  /** This node's own peer id, where its store tells. */
  readonly peerId: string | undefined;
  /** On a local chain all learners are on one machine. */
  readonly isLocal: boolean;
}

const OPEN =
  "listen where others can come: --listen /ip4/0.0.0.0/tcp/4001, and --announce where a router stands between";

export function judgeContact(contact: Contact): Finding {
  const { announced, answering, listen, announce, peerId, isLocal } = contact;
  if (announced === undefined) return judgePlan(contact);
  if (announced.length === 0) {
    return warning("contact", "the ledger names no address of this learner: nobody can fetch its weights", OPEN);
  }
  const named = announced.join(", ");
  const peers = announced.map(peerOf);
  if (peerId !== undefined && !peers.includes(peerId)) {
    return warning(
      "contact",
      `the ledger names another peer than the one in --home, ${peerId}: ${named}`,
      "check --home; or run the node, which announces itself anew",
    );
  }
  const difference = differenceOf(announced, announce, listen);
  if (difference !== undefined) {
    return warning(
      "contact",
      `the ledger names ${named}, and not ${difference}`,
      "run the node with these options: it announces itself anew",
    );
  }
  if (!isLocal && reachOfAll(announced) !== "anywhere") {
    return warning("contact", `the ledger names ${named}: reached from ${reachOfAll(announced)} only`, OPEN);
  }
  if (answering.length === 0) {
    return warning("contact", `nothing answers at ${named}`, "run the node; if it runs, open the port in the firewall");
  }
  const reach = reachOfAll(announced);
  const bound = reach === "anywhere" ? "" : `, for ${reach} only`;
  return ok("contact", `the ledger names ${named}${bound}, and it answers from here`);
}

/** What would be announced: there is nothing on the ledger yet. */
function judgePlan({ listen, announce, isLocal }: Contact): Finding {
  const planned = announce.length > 0 ? announce : listen;
  const reach = planned.length === 0 ? "this machine" : reachOfAll(planned);
  const where = planned.length === 0 ? "loopback, the default" : planned.join(", ");
  if (isLocal || reach === "anywhere") return ok("contact", `not announced yet; the node will listen at ${where}`);
  return warning("contact", `the node will be reached from ${reach} only: ${where}`, OPEN);
}

/** What is configured and not on the ledger. Ports that the system chooses cannot be compared. */
function differenceOf(announced: readonly string[], announce: readonly string[], listen: readonly string[]) {
  const known = announced.map(tcpAddress);
  const isKnown = (address: string) => {
    const wanted = tcpAddress(address);
    if (wanted === undefined || wanted.port === 0) return true;
    const isEvery = wanted.host === "0.0.0.0" || wanted.host === "::";
    return known.some((one) => one?.port === wanted.port && (isEvery || one.host === wanted.host));
  };
  return (announce.length > 0 ? announce : listen).find((address) => !isKnown(address));
}

function reachOfAll(multiaddrs: readonly string[]): Reach {
  const reaches = multiaddrs.flatMap((address) => {
    const tcp = tcpAddress(address);
    return tcp === undefined ? [] : [reachOf(tcp)];
  });
  if (reaches.includes("anywhere")) return "anywhere";
  return reaches.includes("this network") ? "this network" : "this machine";
}

export async function examineContact(contact: Omit<Contact, "answering">): Promise<Finding> {
  const announced = contact.announced ?? [];
  const tried = await Promise.all(
    announced.map(async (address) => {
      const tcp = tcpAddress(address);
      return tcp !== undefined && (await answers(tcp));
    }),
  );
  return judgeContact({ ...contact, answering: announced.filter((_, at) => tried[at]) });
}
