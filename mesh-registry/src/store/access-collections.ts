import type { Collection, Storage } from "@fieldmesh/storage";
import type { AccessEntry } from "../resources/access-log.js";
import type { Subscription } from "../resources/subscription.js";
import { ACCESS_INDEXES, type Usage } from "./access-log.js";
import type { KeyDocument } from "./api-keys.js";
import type { Credential } from "./credentials.js";
import { Table } from "./table.js";

export interface AccessCollections {
  subscriptions: Table<Subscription, Subscription>;
  accesses: Collection<AccessEntry>;
  usage: Table<Usage, Usage>;
  credentials: Table<Credential, Credential>;
  keys: Table<KeyDocument, KeyDocument>;
  /** What was done once. */
  setup: Collection<{ at: number }>;
}

export async function openAccessCollections(storage: Storage): Promise<AccessCollections> {
  const [subscriptions, accesses, usage, credentials, keys, setup] = await Promise.all([
    storage.collection<Subscription>("subscriptions", {}),
    storage.collection<AccessEntry>("access-log", ACCESS_INDEXES),
    storage.collection<Usage>("usage", {}),
    storage.collection<Credential>("credentials", {}),
    storage.collection<KeyDocument>("keys", {}),
    storage.collection<{ at: number }>("setup", {}),
  ]);
  return {
    subscriptions: await Table.open(subscriptions, { encode: asItIs, decode: asItIs }),
    accesses,
    usage: await Table.open(usage, { encode: asItIs, decode: asItIs }),
    credentials: await Table.open(credentials, { encode: asItIs, decode: asItIs }),
    keys: await Table.open(keys, { encode: asItIs, decode: asItIs }),
    setup,
  };
}

function asItIs<T>(value: T): T {
  return value;
}
