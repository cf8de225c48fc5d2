import type { JsonRpcPayload } from "ethers";

import { isRefusal, tellingRefusal } from "./answers.ts";
import { Unanswered, type Answer, type Upstream } from "./upstream.ts";

/**
 * Passes a transaction on to endpoints, all at once: the first that takes it is enough.
 * @param onFailure is told of each endpoint that does not answer
 * @returns an answer; nothing where it is not certain whether one of them has it
 */
export async function broadcast(
  upstreams: readonly Upstream[],
  transaction: JsonRpcPayload,
  onFailure: (upstream: Upstream, error: unknown) => void,
): Promise<Answer | undefined> {
  const answers: Answer[] = [];
  const failures: unknown[] = [];
  const taken = await new Promise<Answer | undefined>((resolve) => {
    const tell = async (upstream: Upstream) => {
      try {
        const answer = await upstream.tell(transaction);
        if (isRefusal(answer)) answers.push(answer);
        else resolve(answer);
      } catch (error) {
        failures.push(error);
        onFailure(upstream, error);
      }
    };
    void Promise.all(upstreams.map(tell)).then(() => {
      resolve(undefined);
    });
  });
  if (taken) return taken;
  const telling = tellingRefusal(answers.filter(isRefusal));
  // Where one refuses and another is silent, the silent one may have taken it.
  const isUndelivered = failures.every((error) => error instanceof Unanswered && error.isUndelivered);
  return telling?.isCertain || isUndelivered ? telling?.refusal : undefined;
}
