import type { Storage } from "@fieldmesh/storage";
import type { Subscription } from "../resources/subscription.js";
import { Table } from "./table.js";

export interface AccessCollections {
  subscriptions: Table<Subscription, Subscription>;
}

export async function openAccessCollections(storage: Storage): Promise<AccessCollections> {
  const subscriptions = await storage.collection<Subscription>("subscriptions", {});
  return { subscriptions: await Table.open(subscriptions, { encode: asItIs, decode: asItIs }) };
}

function asItIs<T>(value: T): T {
  return value;
}
