import { readFile } from "node:fs/promises";

import { getAddress } from "ethers";
import { z } from "zod";

import { UserError } from "../errors.ts";

const signature = z.string().regex(/^0x([0-9a-fA-F]{2}){65,1024}$/);
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

/** A signed invitation, as `colearn invite --sign` writes it. */
const invitationSchema = z.object({ experiment: z.number(), learner: address, invitation: signature });

export type Invitation = z.output<typeof invitationSchema>;

/**
 * The signature that `--invitation` gives: itself as hex, or a file that holds it, alone or as JSON.
 * @throws UserError when it is none, or for another experiment or learner
 */
export async function readInvitation(
  given: string | undefined,
  experiment: bigint,
  learner: string,
): Promise<string | undefined> {
  if (given === undefined || signature.safeParse(given).success) return given;
  const text = await readFile(given, "utf8").catch((cause: unknown) => {
    throw new UserError("invitation", `the invitation ${given} cannot be read`, { remedy: "check its path", cause });
  });
  if (signature.safeParse(text.trim()).success) return text.trim();
  const invitation = invitationSchema.safeParse(jsonOf(text)).data;
  if (invitation === undefined) {
    throw new UserError("invitation", `${given} holds no signed invitation`, {
      remedy: "give what `colearn invite --sign` printed for this learner",
    });
  }
  if (BigInt(invitation.experiment) !== experiment || getAddress(invitation.learner) !== learner) {
    const whose = `${invitation.learner} to experiment ${invitation.experiment}`;
    throw new UserError("invitation", `the invitation in ${given} is for ${whose}`, {
      remedy: `ask the coordinator for one for ${learner} to experiment ${experiment}`,
    });
  }
  return invitation.invitation;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
