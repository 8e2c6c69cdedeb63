/** Largest batch that the engine gets at a time; what is inside it is out of the queues' sight. */
export const MAX_BATCH_BYTES = 32 * 1024;

/** Packets of one kind, side by side in one buffer. */
interface Batch {
  kind: number;
  bytes: Buffer;
  start: number;
  end: number;
}

/** A kind that is never joined with its neighbours: CONNECT, SUBSCRIBE, UNSUBSCRIBE, DISCONNECT. */
export const ALONE = -1;

/**
 * Checked packets that wait for the engine, joined to batches of one kind: packets of one kind take the same way
 * through the engine and so cannot overtake one another in it; packets of two kinds can, and go one after the other.
 */
export class Inbox {
  bytes = 0;
  readonly #batches: Batch[] = [];

  get empty(): boolean {
    return this.#batches.length === 0;
  }

  /** Size of the batch that {@link shift} would give. */
  get nextBytes(): number {
    const next = this.#batches[0];
    return next === undefined ? 0 : next.end - next.start;
  }

  push(kind: number, bytes: Buffer, start: number, end: number): void {
    this.bytes += end - start;
    const last = this.#batches.at(-1);
    if (
      last !== undefined &&
      kind !== ALONE &&
      last.kind === kind &&
      last.bytes === bytes &&
      last.end === start &&
      end - last.start <= MAX_BATCH_BYTES
    ) {
      last.end = end;
      return;
    }
    this.#batches.push({ kind, bytes, start, end });
  }

  shift(): Buffer | null {
    const batch = this.#batches.shift();
    if (batch === undefined) return null;
    this.bytes -= batch.end - batch.start;
    return batch.bytes.subarray(batch.start, batch.end);
  }

  /**
   * Lets somebody else take what stands first, as long as it is of this kind.
   * @param take gives the offset up to which it has taken
   */
  shorten(kind: number, take: (bytes: Buffer, start: number, end: number) => number): void {
    for (;;) {
      const next = this.#batches[0];
      if (next === undefined || next.kind !== kind) return;
      const taken = take(next.bytes, next.start, next.end);
      this.bytes -= taken - next.start;
      next.start = taken;
      if (next.start < next.end) return;
      this.#batches.shift();
    }
  }

  clear(): void {
    this.#batches.length = 0;
    this.bytes = 0;
  }
}
