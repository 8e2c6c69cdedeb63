import { isDeepStrictEqual } from "node:util";
import type { AnyBulkWriteOperation, IndexDescription } from "mongodb";
import type { IndexDeclarations, IndexType } from "../collection.js";
import { IndexError } from "../errors.js";
import { type Index, indexValues } from "../index-key.js";
import { entryPaths } from "./entry-filter.js";
import type { KeptDocument } from "./kept-document.js";
import { makeIndexes } from "./make-indexes.js";
import { ABOUT, type MongoConnection } from "./mongo-connection.js";
import { severalOf } from "./several-entries.js";

/** The index by which documents with several entries in one are found. */
const SEVERAL: IndexDescription = { name: "several", key: { several: 1 } };

/** A declaration as it is kept. */
interface Described {
  fields: { path: string; type: IndexType }[];
  unique: boolean;
}

/** What is known of a collection's indexes: that its documents agree with them. */
interface AboutCollection {
  _id: string;
  indexes?: Record<string, unknown>;
}

/**
 * Makes the indexes of a collection agree with their declaration: reads the documents that are there where it has
 * changed, makes what is missing and drops what is declared no more.
 * @throws IndexError when documents that are there contradict it; StoreAwayError.
 */
export async function agreeIndexes(
  name: string,
  connection: MongoConnection,
  indexes: readonly Index[],
): Promise<void> {
  const about = connection.collection<AboutCollection>(ABOUT);
  const aboutId = `collection ${name}`;
  const known = await connection.read(() => about.findOne({ _id: aboutId }));
  const declared = JSON.parse(
    JSON.stringify(Object.fromEntries(indexes.map((index) => [index.name, describeDeclared(index)]))),
  ) as Record<string, unknown>;
  const changed = !isDeepStrictEqual(known?.indexes ?? {}, declared);
  if (changed) await checkDocuments(name, connection, indexes);
  const wanted = indexes.map(describe);
  if (indexes.some(({ unique }) => !unique)) wanted.push(SEVERAL);
  await makeIndexes(connection, connection.collection<KeptDocument>(name), wanted);
  if (!changed) return;
  await connection.write(name, () =>
    about.updateOne({ _id: aboutId }, { $set: { indexes: declared } }, { upsert: true }),
  );
}

/** What a collection was declared with last. */
export async function declaredIndexes(name: string, connection: MongoConnection): Promise<IndexDeclarations> {
  const about = connection.collection<AboutCollection>(ABOUT);
  const known = await connection.read(() => about.findOne({ _id: `collection ${name}` }));
  const described = Object.entries(known?.indexes ?? {}) as [string, Described][];
  const declarations = described.map(([index, { fields, unique }]) => {
    const declaration = { fields: Object.fromEntries(fields.map(({ path, type }) => [path, type])) };
    return [index, unique ? { ...declaration, unique } : declaration] as const;
  });
  return Object.fromEntries(declarations);
}

/** Reads every document against the indexes, and marks those that have several entries in one. */
async function checkDocuments(
  name: string,
  connection: MongoConnection,
  indexes: readonly Index[],
): Promise<void> {
  const documents = connection.collection<KeptDocument>(name);
  const taken = new Map<string, Map<string, string>>();
  const cursor = documents.find({});
  let marks: AnyBulkWriteOperation<KeptDocument>[] = [];
  const write = async () => {
    const operations = marks;
    marks = [];
    if (operations.length > 0) await connection.write(name, () => documents.bulkWrite(operations));
  };
  try {
    for (;;) {
      const kept = await connection.read(() => cursor.next());
      if (kept === null) break;
      for (const index of indexes) refuseSame(name, index, kept, taken);
      const several = severalOf(indexes, kept.document);
      if (isDeepStrictEqual(several, kept.several ?? [])) continue;
      const update = several.length === 0 ? { $unset: { several: "" as const } } : { $set: { several } };
      marks.push({ updateOne: { filter: { _id: kept._id, version: kept.version }, update } });
      if (marks.length >= connection.maxUpdates) await write();
    }
    await write();
  } finally {
    await cursor.close().catch(() => {}); // the server lets go of one that is left
  }
}

function refuseSame(
  collection: string,
  index: Index,
  kept: KeptDocument,
  taken: Map<string, Map<string, string>>,
): void {
  for (const values of indexValues(index, kept.document)) {
    if (!index.unique) continue;
    const ids = taken.get(index.name) ?? new Map<string, string>();
    taken.set(index.name, ids);
    const key = JSON.stringify(values);
    const other = ids.get(key);
    if (other !== undefined) {
      const detail = `index ${index.name} of ${collection} is to be unique, but "${other}" and "${kept._id}" have the same values`;
      throw new IndexError(index.name, "taken", detail);
    }
    ids.set(key, kept._id);
  }
}

/** A declaration as it is remembered: with objects in place of arrays in arrays, which not every server keeps. */
function describeDeclared({ fields, unique }: Index): Described {
  return { fields: fields.map(([path, type]) => ({ path, type })), unique };
}

function describe(index: Index): IndexDescription {
  const key = Object.fromEntries(entryPaths(index).map((path) => [path, 1 as const]));
  return index.unique ? { name: index.name, key, unique: true } : { name: index.name, key };
}
