import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { AlarmView } from "@fieldmesh/protocol";
import { type Log, lockFolder, type StorageAddress } from "@fieldmesh/runtime";
import { type Collection, openStorage, type Storage, StoreAwayError, upsert } from "@fieldmesh/storage";
import type { PresentAlarm } from "../alarms/book.js";
import type { Told } from "../notify/notifier.js";
import type { Waiting } from "../notify/outbox.js";
import { type DocumentStore, type Table, WriteBehind } from "./write-behind.js";

/** A kind of document: what was kept when the dashboard started, and where its changes go. */
export interface Kept<T> {
  readonly kept: [id: string, document: T][];
  readonly table: Table<T>;
}

/** What the dashboard keeps beside its windows. */
export interface Stores {
  /** Present state of each alarm, by key. */
  present: Kept<PresentAlarm>;
  /** Alarms that are over, by episode. */
  history: Kept<AlarmView>;
  /** What each channel was told. */
  told: Kept<Told>;
  /** Notifications that wait. */
  waiting: Kept<Waiting>;
  /** Resolves when everything given until now is safe. */
  flushed(): Promise<void>;
  /** Whether writes fail. */
  readonly failing: boolean;
  close(): Promise<void>;
}

/**
 * Opens the dashboard's part of the store and reads it whole: it is bounded by the number of alarms. A server that
 * is away is waited for, for a minute.
 * @param held a folder that this process has locked already
 * @throws StorageError, StoreAwayError, FolderHeldError
 */
export async function openStores(address: StorageAddress, held: string, log: Log): Promise<Stores> {
  const storage = await openStorage({
    address,
    service: "dashboard",
    log,
    hold: (path, holder) =>
      resolve(path) === resolve(held) ? Promise.resolve(HELD) : lockFolder(path, holder),
  });
  try {
    const writer = new WriteBehind(log);
    return {
      present: await openKept(storage, writer, "present", log),
      history: await openKept(storage, writer, "history", log),
      told: await openKept(storage, writer, "told", log),
      waiting: await openKept(storage, writer, "waiting", log),
      flushed: () => writer.flush(),
      get failing() {
        return writer.failing;
      },
      close: async () => {
        await writer.close();
        await storage.close();
      },
    };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** The owner of the lock releases it. */
const HELD = { release: () => Promise.resolve() };

const PAGE = 1_000;
/** Then the process ends with the reason, and whoever supervises it starts it again. */
const REACH_MS = 60_000;
const RETRY_MS = 500;

async function openKept<T extends object>(
  storage: Storage,
  writer: WriteBehind,
  name: string,
  log: Log,
): Promise<Kept<T>> {
  const collection = await storage.collection<T>(name, {});
  const kept = await whenReached(() => readAll(collection), log);
  return { kept, table: writer.table(name, documentsOf(collection)) };
}

/** Without what was kept the dashboard would tell anew of alarms that it has told of. */
async function whenReached<T>(read: () => Promise<T>, log: Log): Promise<T> {
  const giveUp = performance.now() + REACH_MS;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof StoreAwayError) || performance.now() > giveUp) throw error;
      log.warn({ at: error.at }, "waiting for the store");
      await wait(RETRY_MS);
    }
  }
}

async function readAll<T extends object>(collection: Collection<T>): Promise<[string, T][]> {
  const kept: [string, T][] = [];
  let after: string | undefined;
  do {
    const page = await collection.find({ index: "id", limit: PAGE, after });
    for (const { id, document } of page.items) kept.push([id, document]);
    after = page.next;
  } while (after !== undefined);
  return kept;
}

function documentsOf<T extends object>(collection: Collection<T>): DocumentStore<T> {
  return {
    put: async (id, document) => {
      await upsert(collection, id, document);
    },
    delete: async (id) => {
      await collection.delete(id);
    },
  };
}
