import type { Log } from "@fieldmesh/runtime";

/**
 * Work that is done again and again, never twice at a time. That it fails is logged once, and once that it is well
 * again; it is tried at its next turn.
 */
export class Background {
  readonly #what: string;
  readonly #work: () => Promise<void>;
  readonly #log: Log;
  #running: Promise<void> | undefined;
  #failing: Error | undefined;

  constructor(what: string, work: () => Promise<void>, log: Log) {
    this.#what = what;
    this.#work = work;
    this.#log = log;
  }

  /** Why the last turn failed; undefined when it did not. */
  get failing(): Error | undefined {
    return this.#failing;
  }

  /** Does the work now, unless it is being done: then this resolves with that. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#attempt().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Does the work once more from its beginning, after what is on its way. Never rejects. */
  async runAnew(): Promise<void> {
    await this.#running;
    await this.run();
  }

  async #attempt(): Promise<void> {
    try {
      await this.#work();
      if (this.#failing !== undefined) this.#log.info(`${this.#what}: done again`);
      this.#failing = undefined;
    } catch (error) {
      if (this.#failing === undefined) {
        this.#log.warn({ err: error }, `${this.#what}: not done; tried again`);
      }
      this.#failing = error instanceof Error ? error : new Error(String(error));
    }
  }
}
