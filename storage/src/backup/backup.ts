import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { HoldFolder } from "../lmdb/lmdb-storage.js";
import type { StoreLog } from "../mongodb/mongo-connection.js";
import type { StorageAddress } from "../open-storage.js";
import { type BackupCounts, BackupError } from "./backup-lines.js";
import { FolderPlace } from "./folder-place.js";
import { MongoPlace } from "./mongo-place.js";
import { type BackupHead, readBackup, verifyBackup } from "./read-backup.js";
import { LineRestore } from "./restore-lines.js";
import type { StorePlace } from "./store-place.js";
import { type Progress, writeBackup } from "./write-backup.js";

export interface BackupOptions {
  address: StorageAddress;
  file: string;
  log: StoreLog;
  /** One line on how far it is. */
  progress: Progress;
}

export interface RestoreOptions extends BackupOptions {
  /** Holds a service's folder of an embedded store: `lockFolder` of the runtime. */
  hold: HoldFolder;
  /** Whether what is in the store goes away; else a store that has anything is refused. */
  replace: boolean;
}

/**
 * Writes all of a store, of every service that has a part of it, into one file. Services may be running: what they
 * were told to be safe before the call is in it.
 * @throws BackupError when there is a file of this name, or no store; StorageError; StoreAwayError.
 */
export async function backupStore({ address, file, log, progress }: BackupOptions): Promise<BackupCounts> {
  if (existsSync(file)) throw new BackupError(`${file} is there already: name another file, or remove it`);
  // Copies of parts that are in use go where the backup goes: there is room.
  const never: HoldFolder = () => Promise.reject(new Error("a backup holds no folder"));
  return within(placeOf(address, never, log, dirname(resolve(file))), async (place) => {
    if ((await place.services()).length === 0) {
      throw new BackupError(`${place.engine.at} holds no store: set STORAGE, or DATA_DIR, to where one is`);
    }
    return writeBackup(place, file, progress);
  });
}

/**
 * Writes a backup into a store of either kind. The file is read to its end and checked before anything is written.
 * @throws BackupError when the file is not as it was written, or the store holds something; what `hold` throws
 *   when a service is running; StorageError; StoreAwayError.
 */
export async function restoreStore(options: RestoreOptions): Promise<BackupHead & { counts: BackupCounts }> {
  const { address, file, hold, log, progress, replace } = options;
  progress("checking the file");
  const head = await verifyBackup(file);
  return within(placeOf(address, hold, log), async (place) => {
    const there = await place.services();
    const release = await place.claim([...new Set([...there, ...(await servicesIn(file))])]);
    try {
      for (const service of there) {
        if (!replace && (await holdsAnything(place, service))) {
          throw new BackupError(
            `${place.engine.at} holds something of ${service}: restore into an empty store, or use --replace, which removes all that is in it`,
          );
        }
      }
      for (const service of there) await place.clear(service);
      await writeLines(place, file, progress);
      return head;
    } finally {
      await release();
    }
  });
}

async function writeLines(place: StorePlace, file: string, progress: Progress): Promise<void> {
  const restore = new LineRestore(place, progress);
  try {
    for await (const line of readBackup(file)) await restore.take(line);
  } finally {
    await restore.close();
  }
}

async function servicesIn(file: string): Promise<string[]> {
  const services: string[] = [];
  for await (const line of readBackup(file)) if (line.kind === "service") services.push(line.service);
  return services;
}

async function holdsAnything(place: StorePlace, service: string): Promise<boolean> {
  const part = await place.write(service);
  try {
    if ((await part.series.streams()).length > 0) return true;
    for (const [name, indexes] of await part.storage.collections()) {
      const collection = await part.storage.collection(name, indexes);
      if ((await collection.count("id")) > 0) return true;
    }
    return false;
  } finally {
    await part.close();
  }
}

function placeOf(address: StorageAddress, hold: HoldFolder, log: StoreLog, scratch?: string): StorePlace {
  return address.kind === "mongodb"
    ? new MongoPlace(address.url, log)
    : new FolderPlace(address.path, hold, scratch);
}

async function within<R>(place: StorePlace, work: (place: StorePlace) => Promise<R>): Promise<R> {
  try {
    return await work(place);
  } finally {
    await place.close();
  }
}
