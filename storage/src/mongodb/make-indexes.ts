import { isDeepStrictEqual } from "node:util";
import { type Collection, type Document, type IndexDescription, MongoServerError } from "mongodb";
import { LONG_CALL_MS, type MongoConnection } from "./mongo-connection.js";

const NO_COLLECTION = 26;

/** Makes the indexes of a collection those that are wanted: drops others, and makes what is missing. */
export async function makeIndexes<T extends Document>(
  connection: MongoConnection,
  collection: Collection<T>,
  wanted: readonly IndexDescription[],
): Promise<void> {
  const missing = new Map(wanted.map((index) => [index.name, index]));
  for (const index of await connection.read(() => listIndexes(collection))) {
    const { name = "" } = index;
    if (name === "_id_") continue;
    const same = missing.get(name);
    if (same !== undefined && isSame(same, index)) missing.delete(name);
    else await connection.write(collection.collectionName, () => collection.dropIndex(name), LONG_CALL_MS);
  }
  // One a command: another process may make the same now, and FerretDB 1 ends the connection when a command names
  // several that are there.
  for (const index of missing.values()) {
    await connection.write(collection.collectionName, () => collection.createIndexes([index]), LONG_CALL_MS);
  }
}

function isSame(a: IndexDescription, b: IndexDescription): boolean {
  // The order of the fields matters.
  return (
    isDeepStrictEqual(Object.entries(a.key), Object.entries(b.key)) &&
    (a.unique ?? false) === (b.unique ?? false)
  );
}

async function listIndexes<T extends Document>(collection: Collection<T>): Promise<IndexDescription[]> {
  try {
    return (await collection.listIndexes().toArray()) as IndexDescription[];
  } catch (error) {
    // It is made with its first index.
    if (error instanceof MongoServerError && error.code === NO_COLLECTION) return [];
    throw error;
  }
}
