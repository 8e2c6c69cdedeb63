import type { Sample } from "@fieldmesh/storage";
import { addToBatch, type Batch, newBatch } from "./batch.js";
import type { SpillPlace } from "./spill.js";

/** A batch in memory. */
export interface Waiting {
  readonly batch: Batch;
  /** When its first reading came, by the monotonic clock, ms. */
  readonly begunAt: number;
  /** Takes no more. */
  sealed: boolean;
  /** Stored by now, while it is being written to the spill. */
  stored: boolean;
  /** Where it is in the spill by now, while it is being stored. */
  place?: SpillPlace;
}

/** Readings that wait in memory, in batches in the order in which they came. */
export class MemoryQueue {
  readonly #batchReadings: number;
  /** Oldest first. Only the last may not be sealed. */
  readonly #waiting: Waiting[] = [];
  #readings = 0;

  /** @param batchReadings a batch is sealed when it has so many */
  constructor(batchReadings: number) {
    this.#batchReadings = batchReadings;
  }

  get readings(): number {
    return this.#readings;
  }

  get oldest(): Waiting | undefined {
    return this.#waiting[0];
  }

  /** The oldest that is not this one. */
  oldestBut(other: unknown): Waiting | undefined {
    return this.#waiting.find((waiting) => waiting !== other);
  }

  /** Says whether the reading began a batch, and whether it filled one. */
  push(stream: string, sample: Sample, now: () => number): { began: boolean; filled: boolean } {
    let last = this.#waiting.at(-1);
    const began = last === undefined || last.sealed;
    if (last === undefined || last.sealed) {
      last = { batch: newBatch(), begunAt: now(), sealed: false, stored: false };
      this.#waiting.push(last);
    }
    addToBatch(last.batch, stream, sample);
    this.#readings += 1;
    last.sealed = last.batch.readings >= this.#batchReadings;
    return { began, filled: last.sealed };
  }

  /** Takes a batch out: it is stored, on disk, or given up. Does nothing when it is out already. */
  forget(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting);
    if (at === -1) return;
    this.#waiting.splice(at, 1);
    this.#readings -= waiting.batch.readings;
  }
}
