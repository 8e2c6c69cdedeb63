/** What can be flushed once a turn. */
export interface Flushable {
  flush(): void;
}

/** Flushes all queues that became dirty, once per turn of the event loop: many small writes become one. */
export class Flusher {
  #dirty: Flushable[] = [];

  /** A queue reports itself once and not again before it was flushed. */
  add(queue: Flushable): void {
    if (this.#dirty.push(queue) === 1) setImmediate(this.#flushAll);
  }

  readonly #flushAll = (): void => {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const queue of dirty) queue.flush();
  };
}
