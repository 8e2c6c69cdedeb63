import type { Log } from "@fieldmesh/runtime";

/** Documents by id on disk, as this room needs them; see `collections.ts` for the real ones. */
export interface DocumentStore<T> {
  all(): Promise<[id: string, document: T][]>;
  /** Resolves when it is safe. */
  put(id: string, document: T): Promise<void>;
  delete(id: string): Promise<void>;
}

/** Writes that are remembered and made soon; see {@link WriteBehind}. */
export interface Table<T> {
  put(id: string, document: T): void;
  delete(id: string): void;
}

type Pending = () => Promise<void>;

/** After a failed write. */
const RETRY_MS = 1_000;

/**
 * Writes documents in the order in which they were given, one at a time, so that state in memory need not
 * wait for the disk. Only the newest version of a document waits: what is waiting is bounded by the number of
 * documents, not by how often they change. A write that fails is tried again.
 */
export class WriteBehind {
  readonly #log: Log;
  readonly #pending = new Map<string, Pending>();
  #running: Promise<void> | undefined;
  #failures = 0;
  #closing = false;

  constructor(log: Log) {
    this.#log = log;
  }

  table<T>(name: string, store: DocumentStore<T>): Table<T> {
    return {
      put: (id, document) => this.#later(`${name} ${id}`, () => store.put(id, document)),
      delete: (id) => this.#later(`${name} ${id}`, () => store.delete(id)),
    };
  }

  get waiting(): number {
    return this.#pending.size;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Resolves when everything given until now is safe, or was tried once more after {@link close}. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Writes what is waiting and stops. What the disk refuses then is lost, and logged. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.flush();
    if (this.#pending.size > 0) this.#log.error({ documents: this.#pending.size }, "documents not written");
  }

  #later(key: string, write: Pending): void {
    this.#pending.set(key, write);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    for (;;) {
      const [next] = this.#pending;
      if (next === undefined) return;
      const [key, write] = next;
      try {
        await write();
        if (this.#pending.get(key) === write) this.#pending.delete(key);
      } catch (error) {
        this.#failures += 1;
        this.#log.error({ err: error, document: key }, "document not written");
        if (this.#closing) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
