import type { Log } from "@fieldmesh/runtime";

/** Documents by id on a medium. Every call resolves when the change is safe. */
export interface DocumentStore<T> {
  put(id: string, document: T): Promise<void>;
  delete(id: string): Promise<void>;
}

/** Writes that are remembered and made soon; see {@link WriteBehind}. */
export interface Table<T> {
  put(id: string, document: T): void;
  delete(id: string): void;
}

type Write = () => Promise<void>;

/** After a failed write. */
const DEFAULT_RETRY_MS = 1_000;
/** Writes that are made at once: a store makes one flush of them. */
const BATCH = 64;

/**
 * Writes documents soon, so that state in memory need not wait for the disk. Only the newest version of a
 * document waits: what is waiting is bounded by the number of documents, not by how often they change. A
 * write that fails is tried again.
 */
export class WriteBehind {
  readonly #log: Log;
  readonly #retryMs: number;
  readonly #pending = new Map<string, Write>();
  #running: Promise<void> | undefined;
  #failures = 0;
  #failing = false;
  #closing = false;

  constructor(log: Log, retryMs = DEFAULT_RETRY_MS) {
    this.#log = log;
    this.#retryMs = retryMs;
  }

  table<T>(name: string, store: DocumentStore<T>): Table<T> {
    return {
      put: (id, document) => this.#later(`${name} ${id}`, () => store.put(id, document)),
      delete: (id) => this.#later(`${name} ${id}`, () => store.delete(id)),
    };
  }

  /** Whether something waits because the last try to write it failed. */
  get failing(): boolean {
    return this.#failing;
  }

  get waiting(): number {
    return this.#pending.size;
  }

  /** Resolves when everything given until now is safe; after {@link close} also when it is given up. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Writes what is waiting and stops. What the disk refuses then is lost, and logged. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.flush();
    if (this.#pending.size > 0) this.#log.error({ documents: this.#pending.size }, "documents not written");
  }

  #later(key: string, write: Write): void {
    this.#pending.set(key, write);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // what is given in the same turn goes into the same batch
    while (this.#pending.size > 0) {
      const batch = [...this.#pending].slice(0, BATCH);
      const results = await Promise.all(batch.map(([key, write]) => this.#try(key, write)));
      this.#failing = !results.every(Boolean);
      if (!this.#failing) continue;
      if (this.#closing) return;
      await new Promise((proceed) => setTimeout(proceed, this.#retryMs));
    }
  }

  async #try(key: string, write: Write): Promise<boolean> {
    try {
      await write();
      if (this.#pending.get(key) === write) this.#pending.delete(key);
      return true;
    } catch (error) {
      this.#failures += 1;
      // A full disk would fill the log.
      if (this.#failures % BATCH === 1) {
        this.#log.error({ err: error, document: key, failures: this.#failures }, "document not written");
      }
      return false;
    }
  }
}
