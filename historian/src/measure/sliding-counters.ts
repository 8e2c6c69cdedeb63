import { type Packer, PackingError, type Unpacker } from "./packing.js";
import type { CountWindow, Tier } from "./tiers.js";

/** Buckets of one tier: a ring of rows, one number per field; laid out when the first is counted. */
interface Ring extends Tier {
  rows: Uint32Array | undefined;
  /** The newest bucket since the epoch: the ring holds it and the `slots - 1` before it. -1 while empty. */
  newest: number;
}

/**
 * Counters of `fields` things over sliding windows of time: each count goes into the bucket of its time in every
 * tier, so that a count for the past lands where it belongs as long as a tier reaches back so far. Costs the same
 * memory whatever is counted. Times are ms since the epoch and never later than the latest `now`.
 */
export class SlidingCounters {
  readonly #fields: number;
  readonly #rings: Ring[];

  constructor(tiers: readonly Tier[], fields: number) {
    this.#fields = fields;
    this.#rings = tiers.map(({ bucketMs, slots }) => ({ bucketMs, slots, rows: undefined, newest: -1 }));
  }

  /**
   * Adds one, for each of the first `n` of `at`, to the fields whose bits are set in its entry of `masks`
   * (bit 0: field 0). Many at once cost much less than one after another: each tier is gone through once.
   */
  countAll(at: Float64Array, masks: Uint8Array, n: number): void {
    for (const ring of this.#rings) {
      // Neighbours are mostly of one bucket.
      let start = 0;
      let end = 0;
      let row = -1;
      for (let i = 0; i < n; i++) {
        const time = at[i] ?? 0;
        if (time < start || time >= end) {
          const bucket = Math.floor(time / ring.bucketMs);
          row = this.#row(ring, bucket);
          start = bucket * ring.bucketMs;
          end = start + ring.bucketMs;
        }
        const { rows } = ring;
        if (row < 0 || rows === undefined) continue;
        let field = row;
        for (let mask = masks[i] ?? 0; mask > 0; mask >>= 1) {
          if ((mask & 1) === 1) rows[field] = (rows[field] ?? 0) + 1;
          field++;
        }
      }
    }
  }

  /** Adds `n` (which may be negative; no count falls below 0) to one field at `at`. */
  add(at: number, field: number, n: number): void {
    for (const ring of this.#rings) this.#add(ring, Math.floor(at / ring.bucketMs), field, n);
  }

  /** Adds the time from `from` to `to` (exclusive), in ms, to each bucket's share of it. */
  addTime(field: number, from: number, to: number): void {
    if (to <= from) return;
    for (const ring of this.#rings) {
      const { bucketMs, slots } = ring;
      const last = Math.ceil(to / bucketMs) - 1;
      if (this.#row(ring, last) < 0) continue;
      const first = Math.max(0, Math.floor(from / bucketMs), ring.newest - slots + 1);
      for (let bucket = first; bucket <= last; bucket++) {
        const start = bucket * bucketMs;
        const ms = Math.min(to, start + bucketMs) - Math.max(from, start);
        const row = this.#row(ring, bucket) + field;
        // No bucket holds more time than it is long, also when our own clock was set back.
        if (ring.rows !== undefined) ring.rows[row] = Math.min(bucketMs, (ring.rows[row] ?? 0) + ms);
      }
    }
  }

  /**
   * Adds one (or, with a `sign` of -1, takes one away) for each number `from` to `to`, at the time that
   * `timeOf` gives it, which must not fall from one number to the next. As quick for a million as for ten.
   */
  addNumbers(field: number, from: number, to: number, timeOf: (n: number) => number, sign: 1 | -1): void {
    for (const ring of this.#rings) {
      const { bucketMs } = ring;
      this.#row(ring, Math.floor(timeOf(to) / bucketMs));
      const oldest = (ring.newest - ring.slots + 1) * bucketMs;
      let next = firstAtOrAfter(oldest, from, to, timeOf);
      while (next <= to) {
        const bucket = Math.floor(timeOf(next) / bucketMs);
        const end = firstAtOrAfter((bucket + 1) * bucketMs, next + 1, to, timeOf);
        this.#add(ring, bucket, field, sign * (end - next));
        next = end;
      }
    }
  }

  /** Sums of every field over a window up to `now`, into `sums`. */
  sum(window: CountWindow, now: number, sums: Float64Array): void {
    sums.fill(0);
    const ring = this.#rings[window.tier];
    if (ring?.rows === undefined) return;
    const { rows, slots } = ring;
    const last = lastOf(ring, now);
    for (let bucket = firstOf(ring, window, now); bucket <= last; bucket++) {
      const row = (bucket % slots) * this.#fields;
      for (let field = 0; field < this.#fields; field++) {
        sums[field] = (sums[field] ?? 0) + (rows[row + field] ?? 0);
      }
    }
  }

  /**
   * Of a window up to `now`: the time that the field `time` holds, and the whole of each bucket in which `or` counted,
   * as far as it lies after `since`; ms.
   */
  covered(
    window: CountWindow,
    now: number,
    { since, time, or }: { since: number; time: number; or: number },
  ): number {
    const ring = this.#rings[window.tier];
    if (ring?.rows === undefined) return 0;
    const { rows, slots, bucketMs } = ring;
    const last = lastOf(ring, now);
    let ms = 0;
    for (let bucket = firstOf(ring, window, now); bucket <= last; bucket++) {
      const row = (bucket % slots) * this.#fields;
      const held = rows[row + time] ?? 0;
      const passed = Math.min(now, (bucket + 1) * bucketMs) - Math.max(since, bucket * bucketMs);
      ms += (rows[row + or] ?? 0) > 0 ? Math.max(passed, held) : held;
    }
    return ms;
  }

  /** Our own clock was set back to `now`: what was counted for later is dropped. */
  rewind(now: number): void {
    for (const ring of this.#rings) {
      const bucket = Math.floor(now / ring.bucketMs);
      if (ring.rows === undefined || ring.newest <= bucket) continue;
      const dropped = Math.min(ring.slots, ring.newest - bucket);
      for (let i = 0; i < dropped; i++) this.#clear(ring, ring.newest - i);
      ring.newest = bucket;
    }
  }

  /** Lets go of tiers in which nothing is counted (any more). */
  trim(): void {
    for (const ring of this.#rings) {
      if (ring.rows?.every((count) => count === 0) !== true) continue;
      ring.rows = undefined;
      ring.newest = -1;
    }
  }

  pack(packer: Packer): void {
    packer.put(this.#fields);
    for (const { rows, newest, slots } of this.#rings) {
      packer.put(slots);
      packer.put(newest + 1);
      if (rows === undefined) continue;
      for (let field = 0; field < this.#fields; field++) {
        packer.column(slots, (i) => rows[((newest + 1 + i) % slots) * this.#fields + field] ?? 0);
      }
    }
  }

  /** Fills empty counters with what {@link pack} wrote. @throws PackingError when it is of another layout. */
  unpack(unpacker: Unpacker): void {
    expectSame("fields", unpacker.get(), this.#fields);
    for (const ring of this.#rings) {
      const { slots } = ring;
      expectSame("slots", unpacker.get(), slots);
      const newest = unpacker.get() - 1;
      if (newest < 0) continue;
      const rows = new Uint32Array(slots * this.#fields);
      ring.rows = rows;
      ring.newest = newest;
      for (let field = 0; field < this.#fields; field++) {
        unpacker.column(slots, (i, value) => {
          rows[((newest + 1 + i) % slots) * this.#fields + field] = value;
        });
      }
    }
  }

  #add(ring: Ring, bucket: number, field: number, n: number): void {
    const row = this.#row(ring, bucket);
    if (row < 0 || ring.rows === undefined) return;
    ring.rows[row + field] = Math.max(0, (ring.rows[row + field] ?? 0) + n);
  }

  /** Where a bucket's row begins, the ring moved on to it where it must; -1 of one that the tier has left behind. */
  #row(ring: Ring, bucket: number): number {
    if (bucket > ring.newest) this.#advance(ring, bucket);
    else if (bucket <= ring.newest - ring.slots || bucket < 0) return -1;
    return (bucket % ring.slots) * this.#fields;
  }

  #advance(ring: Ring, bucket: number): void {
    if (ring.rows === undefined) ring.rows = new Uint32Array(ring.slots * this.#fields);
    else if (bucket - ring.newest >= ring.slots) ring.rows.fill(0);
    else for (let passed = ring.newest + 1; passed <= bucket; passed++) this.#clear(ring, passed);
    ring.newest = bucket;
  }

  #clear(ring: Ring, bucket: number): void {
    const { rows } = ring;
    if (rows === undefined) return;
    const row = (bucket % ring.slots) * this.#fields;
    // A row is short: a loop is quicker than `fill`.
    for (let field = row; field < row + this.#fields; field++) rows[field] = 0;
  }
}

/** The first and the last bucket of a window up to `now`, of those that the ring has. */
function firstOf({ bucketMs, newest, slots }: Ring, window: CountWindow, now: number): number {
  return Math.max(0, Math.floor(now / bucketMs) - window.slots + 1, newest - slots + 1);
}
function lastOf({ bucketMs, newest }: Ring, now: number): number {
  return Math.min(Math.floor(now / bucketMs), newest);
}

/** The first number from `from` on whose time is `time` or later; `to + 1` when there is none. */
function firstAtOrAfter(time: number, from: number, to: number, timeOf: (n: number) => number): number {
  let low = from;
  let high = to + 1;
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (timeOf(middle) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function expectSame(what: string, found: number, expected: number): void {
  if (found !== expected) {
    throw new PackingError(`kept measurements have ${found} ${what}: expected ${expected}`);
  }
}
