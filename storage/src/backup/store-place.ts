import type { Engine } from "../collection.js";
import type { RestorableSeries, RestorableStorage } from "../restorable.js";

/** A service's part of a store, open. */
export interface ServicePart {
  storage: RestorableStorage;
  series: RestorableSeries;
  close(): Promise<void>;
}

/** A part that closes both, and then does what is left to do. */
export class OpenPart implements ServicePart {
  readonly storage: RestorableStorage;
  readonly series: RestorableSeries;
  readonly #closed: (() => Promise<void>) | undefined;

  constructor(storage: RestorableStorage, series: RestorableSeries, closed?: () => Promise<void>) {
    this.storage = storage;
    this.series = series;
    this.#closed = closed;
  }

  async close(): Promise<void> {
    try {
      await this.series.close();
      await this.storage.close();
    } finally {
      await this.#closed?.();
    }
  }
}

/** All of a store, whichever services have a part of it. */
export interface StorePlace {
  readonly engine: Engine;
  /** Services that have a part, by name. */
  services(): Promise<string[]>;
  /**
   * A service's part, to be read only, while the service may be running: it holds all that the service was told to
   * be safe before this was called.
   */
  read(service: string): Promise<ServicePart>;
  /**
   * Keeps services from running until the returned function is called.
   * @throws an error that names who has a part, when its service is running.
   */
  claim(services: readonly string[]): Promise<() => Promise<void>>;
  /** A service's part, to be written. Claimed before. */
  write(service: string): Promise<ServicePart>;
  /** Removes a service's part. Claimed before. */
  clear(service: string): Promise<void>;
  close(): Promise<void>;
}
