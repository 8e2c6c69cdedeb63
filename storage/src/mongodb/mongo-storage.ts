import type { Engine, IndexDeclarations } from "../collection.js";
import { checkCollectionName } from "../collection-name.js";
import { StorageError } from "../errors.js";
import { declareIndex } from "../index-key.js";
import type { RestorableStorage } from "../restorable.js";
import { StoreAwayError } from "../store-away-error.js";
import { agreeIndexes, declaredIndexes } from "./agree-indexes.js";
import type { KeptDocument } from "./kept-document.js";
import { MongoCollection } from "./mongo-collection.js";
import { ABOUT, MongoConnection, type MongoStorageOptions } from "./mongo-connection.js";
import { SERIES_COLLECTIONS } from "./series/series-collections.js";

/**
 * Opens a service's part of a MongoDB database. The server need not be there: what is to be done first is then
 * done by the first call that reaches it.
 * @throws StorageError when the address is none, the server refuses the sign-in, or the store is of a later version.
 */
export async function openMongoStorage(options: MongoStorageOptions): Promise<RestorableStorage> {
  const connection = new MongoConnection(options);
  await connection.open();
  return new MongoStorage(connection);
}

class MongoStorage implements RestorableStorage {
  readonly #connection: MongoConnection;
  readonly #opened = new Set<string>();

  constructor(connection: MongoConnection) {
    this.#connection = connection;
  }

  get engine(): Engine {
    return this.#connection.engine;
  }

  /** When the server is away, what contradicts the declaration is told by the first call that reaches it. */
  async collection<T extends object>(name: string, declared: IndexDeclarations): Promise<MongoCollection<T>> {
    checkCollectionName(name);
    if (name === ABOUT || SERIES_COLLECTIONS.has(name)) {
      throw new StorageError(`collection "${name}": the store's own has this name`);
    }
    if (this.#opened.has(name)) throw new StorageError(`collection "${name}" is open already`);
    this.#opened.add(name);
    const connection = this.#connection;
    const indexes = Object.entries(declared).map(([index, declaration]) => declareIndex(index, declaration));
    let agreed: Promise<void> | undefined;
    const agree = (): Promise<void> => {
      agreed ??= agreeIndexes(name, connection, indexes).catch((error: unknown) => {
        agreed = undefined;
        throw error;
      });
      return agreed;
    };
    if (!connection.away) {
      await agree().catch((error: unknown) => {
        if (!(error instanceof StoreAwayError)) throw error;
      });
    }
    const documents = connection.collection<KeptDocument>(name);
    return new MongoCollection<T>(name, connection, documents, indexes, agree);
  }

  async collections(): Promise<Map<string, IndexDeclarations>> {
    const found = new Map<string, IndexDeclarations>();
    for (const name of await this.#connection.collectionNames()) {
      if (name === ABOUT || SERIES_COLLECTIONS.has(name)) continue;
      found.set(name, await declaredIndexes(name, this.#connection));
    }
    return found;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
