import { MongoClient, type MongoClientOptions } from "mongodb";
import { StorageError } from "../errors.js";

const DEFAULT_DATABASE = "fieldmesh";

/** What the driver is told where the address does not say otherwise. */
const DEFAULTS: MongoClientOptions = {
  appName: "fieldmesh",
  maxPoolSize: 20,
  connectTimeoutMS: 3_000,
  /** Less than the time within which a call fails: the driver's own words about why are the better ones. */
  serverSelectionTimeoutMS: 4_000,
  waitQueueTimeoutMS: 4_000,
  /** How soon a server that froze is noticed, and one that is back. */
  heartbeatFrequencyMS: 2_000,
  /** An acknowledged write survives the death of any one server. */
  w: "majority",
  journal: true,
  wtimeoutMS: 4_000,
};

export interface MongoAddress {
  client: MongoClient;
  database: string;
  /** The address without user, password and options. */
  shown: string;
}

/**
 * A client for an address, not connected yet. The database is the address's path, `fieldmesh` without one.
 * @throws StorageError when the address is none; without its password.
 */
export function readMongoAddress(url: string, monitorCommands = false): MongoAddress {
  const [, scheme = "mongodb://", user, hosts = "", path = ""] =
    /^(mongodb(?:\+srv)?:\/\/)(?:(.*)@)?([^/?]*)(?:\/([^?]*))?/s.exec(url) ?? [];
  try {
    const said = new Set([...url.matchAll(/[?&](\w+)=/g)].map(([, name = ""]) => name.toLowerCase()));
    const defaults = Object.entries(DEFAULTS).filter(([name]) => !said.has(name.toLowerCase()));
    const client = new MongoClient(url, { ...Object.fromEntries(defaults), monitorCommands });
    const database = path === "" ? DEFAULT_DATABASE : decodeURIComponent(path);
    return { client, database, shown: `${scheme}${hosts}/${database}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const safe = user === undefined ? reason : reason.replaceAll(user, "…");
    // Without a cause: it holds the whole address.
    throw new StorageError(`STORAGE: ${scheme}${hosts}/${path} is no address of a MongoDB server: ${safe}`);
  }
}
