import { join } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import type { Engine, IndexDeclarations, IndexValue } from "../collection.js";
import { checkCollectionName } from "../collection-name.js";
import { IndexError, StorageError } from "../errors.js";
import { declareIndex, type Index, indexValues } from "../index-key.js";
import type { RestorableStorage } from "../restorable.js";
import { DURABLE } from "./durable.js";
import { LmdbCollection, type OpenIndex } from "./lmdb-collection.js";
import { lmdbVersion } from "./lmdb-version.js";

const FORMAT = 1;
/** Each collection takes one, and one for each index. */
const MAX_DATABASES = 256;

/** Lets go of a folder that is this process's own. */
export interface HeldFolder {
  release(): Promise<void>;
}

/** Makes a folder and holds it, or throws an error that names who does: `lockFolder` of the runtime. */
export type HoldFolder = (path: string, holder: string) => Promise<HeldFolder>;

/**
 * Opens a store in a folder, which is held until it is closed: LMDB lets several processes write, but a store
 * has one writer.
 * @throws StorageError when it is of a later version; what `hold` throws when another process has the folder.
 */
export async function openLmdbStorage(
  folder: string,
  holder: string,
  hold: HoldFolder,
): Promise<RestorableStorage> {
  const held = await hold(folder, holder);
  let root: RootDatabase | undefined;
  try {
    root = open({ path: join(folder, "store.mdb"), maxDbs: MAX_DATABASES, ...DURABLE });
    const meta: Database<string, string> = root.openDB("meta", { encoding: "string" });
    await checkFormat(meta, folder);
    return new LmdbStorage(root, meta, held, { name: "LMDB", version: lmdbVersion(), at: folder });
  } catch (cause) {
    await root?.close();
    await held.release();
    if (cause instanceof StorageError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(`${folder}: the store cannot be opened: ${reason}`, { cause });
  }
}

async function checkFormat(meta: Database<string, string>, folder: string): Promise<void> {
  const found = meta.get("format");
  if (found === undefined) {
    await meta.put("format", String(FORMAT));
  } else if (found !== String(FORMAT)) {
    throw new StorageError(
      `${folder} has format ${found}, from a later version of Fieldmesh; this one knows up to ${FORMAT}: use the later version`,
    );
  }
}

class LmdbStorage implements RestorableStorage {
  readonly engine: Engine;
  readonly #root: RootDatabase;
  readonly #meta: Database<string, string>;
  readonly #held: HeldFolder;
  readonly #opened = new Set<string>();
  #closed: Promise<void> | undefined;

  constructor(root: RootDatabase, meta: Database<string, string>, held: HeldFolder, engine: Engine) {
    this.#root = root;
    this.#meta = meta;
    this.#held = held;
    this.engine = engine;
  }

  async collection<T extends object>(name: string, indexes: IndexDeclarations): Promise<LmdbCollection<T>> {
    checkCollectionName(name);
    if (this.#opened.has(name)) throw new StorageError(`collection "${name}" is open already`);
    this.#opened.add(name);
    const documents: Database<string, string> = this.#root.openDB(`documents ${name}`, {
      encoding: "string",
    });
    const open: OpenIndex[] = [];
    for (const [indexName, declaration] of Object.entries(indexes)) {
      const index = declareIndex(indexName, declaration);
      open.push({ index, entries: this.#entries(name, indexName) });
    }
    await this.#agree(name, documents, open);
    return new LmdbCollection<T>(name, this.#root, documents, open);
  }

  collections(): Promise<Map<string, IndexDeclarations>> {
    return Promise.resolve().then(() => {
      const found = new Map<string, IndexDeclarations>();
      // LMDB keeps the names of databases as keys of the one without a name.
      for (const key of this.#root.getKeys({})) {
        const name = /^documents (.+)$/.exec(String(key))?.[1];
        if (name === undefined) continue;
        const known = JSON.parse(this.#meta.get(`indexes ${name}`) ?? "{}") as Record<string, Index>;
        const declared = Object.entries(known).map(([index, { fields, unique }]) => {
          const declaration = { fields: Object.fromEntries(fields) };
          return [index, unique ? { ...declaration, unique } : declaration] as const;
        });
        found.set(name, Object.fromEntries(declared));
      }
      return found;
    });
  }

  #entries(collection: string, index: string): Database<"", (IndexValue | Uint8Array)[]> {
    return this.#root.openDB(`index ${collection} ${index}`, { encoding: "string" });
  }

  /** Builds indexes whose declaration has changed, and empties those that are declared no more. */
  async #agree(name: string, documents: Database<string, string>, open: readonly OpenIndex[]): Promise<void> {
    const key = `indexes ${name}`;
    const known = JSON.parse(this.#meta.get(key) ?? "{}") as Record<string, unknown>;
    const declared = Object.fromEntries(open.map(({ index }) => [index.name, index]));
    const changed = open.filter(({ index }) => JSON.stringify(known[index.name]) !== JSON.stringify(index));
    const gone = Object.keys(known).filter((index) => declared[index] === undefined);
    if (changed.length === 0 && gone.length === 0) return;
    const built = changed.map(({ index, entries }) => ({ entries, keys: indexKeys(name, index, documents) }));
    await this.#root.transaction(() => {
      for (const index of gone) this.#entries(name, index).clearSync();
      for (const { entries, keys } of built) {
        entries.clearSync();
        for (const entryKey of keys) void entries.put(entryKey, "");
      }
      void this.#meta.put(key, JSON.stringify(declared));
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.#root.close(); // waits for writes that were begun
    } finally {
      await this.#held.release();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Every key of an index over the documents that are there. @throws IndexError when they contradict it. */
function indexKeys(collection: string, index: Index, documents: Database<string, string>): IndexValue[][] {
  const keys: IndexValue[][] = [];
  const taken = new Map<string, string>();
  for (const { key: id, value } of documents.getRange({})) {
    const document = JSON.parse(value.slice(value.indexOf(" ") + 1)) as object;
    for (const values of indexValues(index, document)) {
      keys.push([...values, id]);
      if (!index.unique) continue;
      const other = taken.get(JSON.stringify(values));
      if (other !== undefined) {
        const detail = `index ${index.name} of ${collection} is to be unique, but "${other}" and "${id}" have the same values`;
        throw new IndexError(index.name, "taken", detail);
      }
      taken.set(JSON.stringify(values), id);
    }
  }
  return keys;
}
