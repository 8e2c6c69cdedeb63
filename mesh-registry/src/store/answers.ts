import { createHash } from "node:crypto";
import { type Collection, upsert } from "@fieldmesh/storage";
import type { AnswerDocument } from "./collections.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";

/** An answer that is given again to who sends the same request with the same key. */
export type Answer = Pick<AnswerDocument, "status" | "headers" | "body">;

export interface Answers {
  /**
   * Does the work, or gives the answer that it had. An answer is remembered for a day; a failure is not: its
   * request may be made again.
   * @throws RegistryError key_reused when the key was used for another request; what the work throws
   */
  once(
    key: string,
    request: string,
    work: () => Promise<Answer>,
  ): Promise<{ answer: Answer; again: boolean }>;
}

const KEPT_MS = 86_400_000; // a day
/** As many are forgotten with each new one, so that there are never many more than of a day. */
const FORGOTTEN_AT_ONCE = 10;

export function createAnswers(
  collection: Collection<AnswerDocument>,
  { turns, clock }: Pick<StoreParts, "turns" | "clock">,
): Answers {
  const forgetOld = async (): Promise<void> => {
    const range = { lt: clock() - KEPT_MS };
    const { items } = await collection.find({ index: "at", range, limit: FORGOTTEN_AT_ONCE });
    await Promise.all(items.map(({ id, version }) => collection.delete(id, version)));
  };
  return {
    once(key, request, work) {
      const id = hash(key);
      const sent = hash(request);
      return turns.run({ alone: [id] }, async () => {
        const known = (await collection.get(id))?.document;
        if (known !== undefined && known.at >= clock() - KEPT_MS) {
          if (known.request !== sent) {
            const detail = "Idempotency-Key: this key was used for another request: expected a new one";
            throw new RegistryError("key_reused", detail);
          }
          const { status, headers, body } = known;
          return { answer: { status, headers, body }, again: true };
        }
        const answer = await work();
        await upsert(collection, id, { request: sent, ...answer, at: clock() });
        await forgetOld();
        return { answer, again: false };
      });
    },
  };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
