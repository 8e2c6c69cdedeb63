import { setTimeout as wait } from "node:timers/promises";
import type { MongoClient } from "mongodb";
import type { Engine } from "../collection.js";
import { StorageError } from "../errors.js";
import type { LeaseDocument } from "../lease.js";
import { readMongoAddress } from "../mongodb/mongo-address.js";
import { ABOUT, type StoreLog } from "../mongodb/mongo-connection.js";
import { explainMongoFailure } from "../mongodb/mongo-failure.js";
import { openMongoStorage } from "../mongodb/mongo-storage.js";
import { openMongoSeries } from "../mongodb/series/mongo-series.js";
import { OpenPart, type ServicePart, type StorePlace } from "./store-place.js";

/** Within which a lease that is held is renewed, twice. */
const RENEWED_MS = 5_000;

interface KeptLease {
  _id: string;
  version: number;
  document: LeaseDocument;
}

/** A database of a MongoDB server, with collections named `{service}.{name}`. */
export class MongoPlace implements StorePlace {
  readonly engine: Engine;
  readonly #url: string;
  readonly #client: MongoClient;
  readonly #database: string;
  readonly #log: StoreLog;

  /** @throws StorageError when the address is none. */
  constructor(url: string, log: StoreLog) {
    const { client, database, shown } = readMongoAddress(url, false);
    this.engine = { name: "MongoDB", version: "", at: shown };
    this.#url = url;
    this.#client = client;
    this.#database = database;
    this.#log = log;
  }

  async services(): Promise<string[]> {
    const names = await this.#names();
    const own = names.filter((name) => name.endsWith(`.${ABOUT}`));
    return own.map((name) => name.slice(0, -ABOUT.length - 1)).sort();
  }

  /** Readings and numbers of a stream are read one after the other, so that what comes meanwhile is in both or none. */
  read(service: string): Promise<ServicePart> {
    return this.write(service);
  }

  /** A service that runs renews its lease every two seconds; one that is idle, or standing by, does not. */
  async claim(services: readonly string[]): Promise<() => Promise<void>> {
    for (const service of services) {
      const before = await this.#lease(service);
      if (before === null || before.document.released === true) continue;
      await wait(RENEWED_MS);
      const after = await this.#lease(service);
      if (after === null || after.version === before.version) continue;
      throw new StorageError(
        `${this.engine.at}: ${service} is running (${after.document.holder}): end it first`,
      );
    }
    return () => Promise.resolve();
  }

  async write(service: string): Promise<ServicePart> {
    const options = { url: this.#url, service, log: this.#log };
    const storage = await openMongoStorage(options);
    try {
      const series = await openMongoSeries(options);
      return new OpenPart(storage, series);
    } catch (error) {
      await storage.close();
      throw error;
    }
  }

  async clear(service: string): Promise<void> {
    for (const name of await this.#names()) {
      if (name.startsWith(`${service}.`))
        await this.#run(() => this.#client.db(this.#database).dropCollection(name));
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #lease(service: string): Promise<KeptLease | null> {
    const leases = this.#client.db(this.#database).collection<KeptLease>(`${service}.lease`);
    return this.#run(() => leases.findOne({}));
  }

  async #names(): Promise<string[]> {
    const list = () => this.#client.db(this.#database).listCollections({}, { nameOnly: true }).toArray();
    return (await this.#run(list)).map(({ name }) => name);
  }

  /** @throws StoreAwayError */
  async #run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explainMongoFailure(error, this.engine.at, undefined);
    }
  }
}
