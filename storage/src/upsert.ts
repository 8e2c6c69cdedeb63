import type { Collection, Stored } from "./collection.js";
import { IdTakenError } from "./errors.js";

/** With one writer a second round is rare already. */
const MAX_ROUNDS = 20;

/** Inserts the document, or replaces the one of this id whatever its version. */
export async function upsert<T extends object>(
  collection: Collection<T>,
  id: string,
  document: T,
): Promise<Stored<T>> {
  let taken: unknown;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const current = await collection.get(id);
    try {
      if (current === undefined) return await collection.insert(id, document);
      const replaced = await collection.replaceIf(id, current.version, document);
      if (replaced !== undefined) return replaced;
    } catch (error) {
      if (!(error instanceof IdTakenError)) throw error;
      taken = error;
    }
  }
  throw new Error(`document "${id}" changed ${MAX_ROUNDS} times while it was to be replaced`, {
    cause: taken,
  });
}
