import type { Collection, Db, Document, MongoClient } from "mongodb";
import type { Engine } from "../collection.js";
import { StorageError } from "../errors.js";
import { StoreAwayError } from "../store-away-error.js";
import { readMongoAddress } from "./mongo-address.js";
import { explainMongoFailure } from "./mongo-failure.js";

const FORMAT = 1;
/** Within which a call succeeds or fails. */
const CALL_MS = 4_800;
/** For what reads or indexes a collection whole. That the server goes is noticed long before by its heartbeat. */
export const LONG_CALL_MS = 3_600_000;
/** How long opening waits to say which server it is. */
const OPEN_MS = 2_500;

/** Collection of a service in which the store keeps what it knows of itself. */
export const ABOUT = "store";

export interface StoreLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface MongoStorageOptions {
  /** `mongodb://…`; the database is its path, `fieldmesh` without one. */
  url: string;
  service: string;
  log: StoreLog;
  /** Told of each command that is sent: for measurements. */
  watch?: (command: string) => void;
}

interface About {
  _id: string;
  format?: number;
}

/**
 * One service's part of a MongoDB database: collections named `{service}.{name}`. The server need not be there;
 * every call tries again.
 */
export class MongoConnection {
  /** Filled in when the server is first reached. */
  readonly #engine: { name: string; version: string; readonly at: string };
  readonly #client: MongoClient;
  readonly #db: Db;
  readonly #service: string;
  readonly #log: StoreLog;
  readonly #running = new Set<Promise<unknown>>();
  #maxUpdates = 1_000;
  #nestsArrays = true;
  #greeted: Promise<void> | undefined;
  #away: StoreAwayError | undefined;
  #closed: Promise<void> | undefined;

  /** @throws StorageError when the address is none. */
  constructor({ url, service, log, watch }: MongoStorageOptions) {
    const { client, database, shown } = readMongoAddress(url, watch !== undefined);
    client.on("commandStarted", ({ commandName }) => watch?.(commandName));
    this.#client = client;
    this.#db = client.db(database);
    this.#service = service;
    this.#log = log;
    this.#engine = { name: "MongoDB", version: "not reached yet", at: shown };
  }

  get engine(): Engine {
    return this.#engine;
  }

  /** Whether the last call found the server away. */
  get away(): boolean {
    return this.#away !== undefined;
  }

  /** Updates that one command may hold. */
  get maxUpdates(): number {
    return this.#maxUpdates;
  }

  /**
   * Greets the server, which may also be away: then the first call that reaches it does.
   * @throws StorageError when the store there is of a later version, or refuses the sign-in.
   */
  async open(): Promise<void> {
    try {
      await this.read(() => Promise.resolve(), OPEN_MS);
    } catch (error) {
      if (!(error instanceof StoreAwayError)) {
        await this.close();
        throw error;
      }
    }
  }

  /** Whether it keeps an array within an array. */
  get nestsArrays(): boolean {
    return this.#nestsArrays;
  }

  collection<T extends Document>(name: string): Collection<T> {
    return this.#db.collection<T>(`${this.#service}.${name}`);
  }

  /** Of the service, without its name. */
  async collectionNames(): Promise<string[]> {
    const prefix = `${this.#service}.`;
    const all = await this.read(() => this.#db.listCollections({}, { nameOnly: true }).toArray());
    return all
      .map(({ name }) => name)
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }

  /** @throws StoreAwayError within 5 s; StorageError. */
  read<T>(work: () => Promise<T>, withinMs = CALL_MS): Promise<T> {
    return this.#run(work, undefined, withinMs);
  }

  /**
   * @param collection by whose name an error is told
   * @throws StoreAwayError within 5 s, and then it is not known whether the write was done; WriteFailedError.
   */
  write<T>(collection: string, work: () => Promise<T>, withinMs = CALL_MS): Promise<T> {
    return this.#run(work, collection, withinMs);
  }

  /** Waits for calls that were begun, and lets go of the server. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#client.close();
  }

  #run<T>(work: () => Promise<T>, write: string | undefined, withinMs: number): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(new StorageError(`${this.engine.at} is closed`));
    const call = this.#call(work, write, withinMs);
    this.#running.add(call);
    return call.finally(() => this.#running.delete(call));
  }

  async #call<T>(work: () => Promise<T>, write: string | undefined, withinMs: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = () => new StoreAwayError(this.engine.at, `no answer within ${withinMs / 1_000} s`);
      timer = setTimeout(() => reject(error()), withinMs);
    });
    try {
      return await Promise.race([this.#greet().then(work), late]);
    } catch (error) {
      const told = explainMongoFailure(error, this.engine.at, write);
      if (told instanceof StoreAwayError) this.#lost(told);
      throw told;
    } finally {
      clearTimeout(timer);
    }
  }

  #lost(error: StoreAwayError): void {
    this.#greeted = undefined;
    if (this.#away === undefined) this.#log.warn({ err: error, at: this.engine.at }, "the store is away");
    this.#away = error;
  }

  /** Learns which server this is, once each time it comes (back). */
  #greet(): Promise<void> {
    if (this.#greeted === undefined) {
      const greeted = this.#hello();
      this.#greeted = greeted;
      greeted.catch(() => {
        if (this.#greeted === greeted) this.#greeted = undefined;
      });
    }
    return this.#greeted;
  }

  async #hello(): Promise<void> {
    // Not by the first command: one that fails to connect would fail others that have just begun.
    await this.#client.connect();
    const info = await this.#db.command({ buildInfo: 1 });
    const isFerret = info["ferretdbVersion"] !== undefined;
    this.#engine.name = isFerret ? "FerretDB" : "MongoDB";
    this.#engine.version = String(info["version"]);
    this.#nestsArrays = !isFerret;
    // FerretDB 1 holds a cursor open for each update of a command, and hangs when it has no more of them.
    this.#maxUpdates = isFerret ? 20 : 1_000;
    await this.#checkFormat();
    const wasAway = this.#away !== undefined;
    this.#away = undefined;
    this.#log.info({ ...this.engine }, wasAway ? "the store is back" : "storage opened");
  }

  async #checkFormat(): Promise<void> {
    const about = this.collection<About>(ABOUT);
    const known = await about.findOne({ _id: "format" });
    if (known === null) {
      await about.updateOne({ _id: "format" }, { $setOnInsert: { format: FORMAT } }, { upsert: true });
    } else if (known.format !== FORMAT) {
      throw new StorageError(
        `${this.engine.at}, ${this.#service}, has format ${known.format}, from a later version of Fieldmesh; this one knows up to ${FORMAT}: use the later version`,
      );
    }
  }
}
