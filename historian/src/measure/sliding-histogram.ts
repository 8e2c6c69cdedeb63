import { type Packer, PackingError, type Unpacker } from "./packing.js";
import type { Tier } from "./tiers.js";

/** Bounds of the bins grow by this factor, so that a percentile is right to (γ - 1) / (γ + 1) = 4.8 %. */
const GROWTH = 1.1;
const LOG_GROWTH = Math.log(GROWTH);
/** The last one begins at 85 days, after which nothing that is held still comes. */
const BINS = 240;
const FIRST_ROWS = 8;

/** Reused: percentiles are told one after another. */
const sums = new Float64Array(BINS);

/** Bin of a delay in ms: 0 below 1 ms, then (γ^(i-1), γ^i]. */
export function binOf(delayMs: number): number {
  if (delayMs < 1) return 0;
  return Math.min(BINS - 1, Math.max(1, Math.ceil(Math.log(delayMs) / LOG_GROWTH - 1e-9)));
}

/** What stands for the delays of a bin, ms: no further than 4.8 % from any of them. */
export function delayOf(bin: number): number {
  return bin === 0 ? 0 : (2 * GROWTH ** bin) / (GROWTH + 1);
}

/**
 * Histograms of delays over sliding windows. A row for each bin that occurs (those of one stream lie close
 * together), a column for each slice of time of every tier; histograms merge by adding columns. Memory is 120
 * bytes for each bin that occurred within the longest window.
 */
export class SlidingHistogram {
  readonly #tiers: readonly Tier[];
  /** First column of each tier. */
  readonly #columns: readonly number[];
  readonly #width: number;
  /** Newest slice of each tier since the epoch, -1 while empty. */
  readonly #newest: number[];
  /** The slice that was counted in last, of each tier: from, to (exclusive), its column. */
  readonly #last: { from: number; to: number; column: number }[];
  /** Row + 1 of each bin; 0 where there is none. */
  readonly #rowOf = new Uint8Array(BINS);
  #bins: number[] = [];
  #counts = new Uint32Array(0);

  constructor(tiers: readonly Tier[]) {
    this.#tiers = tiers;
    let width = 0;
    this.#columns = tiers.map(({ slots }) => {
      width += slots;
      return width - slots;
    });
    this.#width = width;
    this.#newest = tiers.map(() => -1);
    this.#last = tiers.map(() => ({ from: 0, to: 0, column: -1 }));
  }

  /** Counts a delay in ms of a reading that was read at `at`. One below 0, by an error of clocks, counts as 0. */
  add(at: number, delayMs: number): void {
    const bin = binOf(delayMs);
    let row = (this.#rowOf[bin] ?? 0) - 1;
    if (row < 0) row = this.#begin(bin);
    const start = row * this.#width;
    let tier = 0;
    for (const last of this.#last) {
      if (at < last.from || at >= last.to) this.#moveTo(tier, at, last);
      const { column } = last;
      if (column >= 0) this.#counts[start + column] = (this.#counts[start + column] ?? 0) + 1;
      tier++;
    }
  }

  /**
   * The delays, in ms, below which the given shares (ascending) of the window up to `now` lie; `null` when it is
   * empty.
   */
  quantiles(tier: number, now: number, shares: readonly number[]): number[] | null {
    const { bucketMs = 1, slots = 0 } = this.#tiers[tier] ?? {};
    const current = Math.floor(now / bucketMs);
    const newest = this.#newest[tier] ?? -1;
    const first = Math.max(0, Math.max(current, newest) - slots + 1);
    const last = Math.min(current, newest);
    sums.fill(0);
    let total = 0;
    for (const [row, bin] of this.#bins.entries()) {
      const start = row * this.#width + (this.#columns[tier] ?? 0);
      let sum = 0;
      for (let slice = first; slice <= last; slice++) sum += this.#counts[start + (slice % slots)] ?? 0;
      sums[bin] = sum;
      total += sum;
    }
    if (total === 0) return null;
    const delays: number[] = [];
    let seen = 0;
    let bin = -1;
    for (const share of shares) {
      const rank = Math.max(1, Math.ceil(share * total));
      while (seen < rank) {
        bin++;
        seen += sums[bin] ?? 0;
      }
      delays.push(delayOf(bin));
    }
    return delays;
  }

  /** Our own clock was set back to `now`: what was counted for later is dropped. */
  rewind(now: number): void {
    this.#tiers.forEach(({ bucketMs, slots }, tier) => {
      const current = Math.floor(now / bucketMs);
      const newest = this.#newest[tier] ?? -1;
      for (let slice = newest; slice > current && slice > newest - slots; slice--) this.#clear(tier, slice);
      this.#newest[tier] = Math.min(newest, current);
    });
    for (const last of this.#last) last.to = 0;
  }

  pack(packer: Packer): void {
    this.#compact();
    packer.put(this.#width);
    for (const newest of this.#newest) packer.put(newest + 1);
    packer.put(this.#bins.length);
    this.#bins.forEach((bin, row) => {
      packer.put(bin);
      packer.column(this.#width, (column) => this.#counts[row * this.#width + column] ?? 0);
    });
  }

  /** Fills an empty histogram with what {@link pack} wrote. @throws PackingError when it is of another layout. */
  unpack(unpacker: Unpacker): void {
    const width = unpacker.get();
    if (width !== this.#width) {
      throw new PackingError(`kept delays have ${width} slices: expected ${this.#width}`);
    }
    for (let tier = 0; tier < this.#newest.length; tier++) this.#newest[tier] = unpacker.get() - 1;
    for (let rows = unpacker.get(); rows > 0; rows--) {
      const bin = unpacker.get();
      if (bin >= BINS) throw new PackingError(`a kept delay is in bin ${bin}: expected at most ${BINS - 1}`);
      const start = this.#begin(bin) * this.#width;
      unpacker.column(this.#width, (column, count) => {
        this.#counts[start + column] = count;
      });
    }
  }

  /** Makes `last` the slice of a time, cleared when it is a new one; column -1 of one that the tier has left behind. */
  #moveTo(tier: number, at: number, last: { from: number; to: number; column: number }): void {
    const { bucketMs = 1, slots = 1 } = this.#tiers[tier] ?? {};
    const slice = Math.floor(at / bucketMs);
    const newest = this.#newest[tier] ?? -1;
    last.from = slice * bucketMs;
    last.to = last.from + bucketMs;
    last.column = -1;
    if (slice > newest) {
      for (let passed = Math.max(0, newest + 1, slice - slots + 1); passed <= slice; passed++) {
        this.#clear(tier, passed);
      }
      this.#newest[tier] = slice;
    } else if (slice <= newest - slots || slice < 0) return;
    last.column = (this.#columns[tier] ?? 0) + (slice % slots);
  }

  #clear(tier: number, slice: number): void {
    const column = (this.#columns[tier] ?? 0) + (slice % (this.#tiers[tier]?.slots ?? 1));
    for (let at = column; at < this.#counts.length; at += this.#width) this.#counts[at] = 0;
  }

  /** Gives a bin a row; room is made of rows that are empty by now before there is more of it. */
  #begin(bin: number): number {
    if ((this.#bins.length + 1) * this.#width > this.#counts.length) {
      this.#compact();
      if ((this.#bins.length + 1) * this.#width > this.#counts.length) {
        const rows = Math.max(FIRST_ROWS, Math.ceil(this.#bins.length * 1.5));
        const larger = new Uint32Array(rows * this.#width);
        larger.set(this.#counts);
        this.#counts = larger;
      }
    }
    this.#bins.push(bin);
    this.#rowOf[bin] = this.#bins.length;
    return this.#bins.length - 1;
  }

  #compact(): void {
    const width = this.#width;
    const kept: number[] = [];
    this.#rowOf.fill(0);
    this.#bins.forEach((bin, row) => {
      if (this.#counts.subarray(row * width, (row + 1) * width).every((count) => count === 0)) return;
      this.#counts.copyWithin(kept.length * width, row * width, (row + 1) * width);
      kept.push(bin);
      this.#rowOf[bin] = kept.length;
    });
    this.#counts.fill(0, kept.length * width);
    this.#bins = kept;
  }
}
