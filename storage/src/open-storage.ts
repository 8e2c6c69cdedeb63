import { join } from "node:path";
import type { Storage } from "./collection.js";
import { type HoldFolder, openLmdbStorage } from "./lmdb/lmdb-storage.js";
import type { StoreLog } from "./mongodb/mongo-connection.js";
import { openMongoStorage } from "./mongodb/mongo-storage.js";

/** `STORAGE`, parsed: where documents are kept. */
export type StorageAddress = { kind: "folder"; path: string } | { kind: "mongodb"; url: string };

export interface StorageOptions {
  address: StorageAddress;
  /** Each service has its own part of a store: a folder in it, or the collections of its name. */
  service: string;
  /** Holds the folder of an embedded store for this process: `lockFolder` of the runtime. */
  hold: HoldFolder;
  log: StoreLog;
}

/**
 * Opens a service's part of a store; the address picks the adapter. Says in the log which database it is, its
 * version and where. The server of a MongoDB address need not be there: calls fail with StoreAwayError until it is.
 * @throws StorageError saying what to do; what `hold` throws when another process has the folder.
 */
export async function openStorage({ address, service, hold, log }: StorageOptions): Promise<Storage> {
  if (address.kind === "mongodb") return openMongoStorage({ url: address.url, service, log });
  const storage = await openLmdbStorage(join(address.path, service), `storage of ${service}`, hold);
  log.info({ ...storage.engine }, "storage opened");
  return storage;
}
