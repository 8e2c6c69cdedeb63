import type { Columns, Quality } from "@fieldmesh/protocol";

/** One reading as the window keeps it. */
export interface WindowEntry {
  /** When it came to this server, ms. */
  arrival: number;
  /** Node time with its clock offset taken out, ms. */
  t: number;
  /** Booleans as 0 and 1; `null` where quality is bad. */
  v: number | null;
  boot: number;
  seq: number;
  quality?: Quality;
  reason?: string;
}

export interface WindowLimits {
  /** By time of arrival, so that a wrong clock at a node neither empties nor swells the window. */
  windowMs: number;
  /** Per stream. */
  maxReadings: number;
}

/** Room for readings, shared by all rings: what bounds the memory of the whole window. */
export interface Budget {
  /** Takes room for that many entries more; false when there is none. */
  take(entries: number): boolean;
  give(entries: number): void;
}

/** Smallest ring: what a stream gets even when the shared budget is spent. */
export const SMALLEST_RING = 32; // entries, 1.3 kB

const GOOD = 0;
const UNCERTAIN = 1;
const BAD = 2;

/**
 * The sliding window of one stream: columns of typed arrays, 41 bytes a reading. An entry has an index `n` that
 * grows by one and is never used twice; entry `n` lies in slot `n % capacity`.
 */
export class WindowRing {
  readonly #limits: WindowLimits;
  readonly #budget: Budget;
  #capacity = SMALLEST_RING;
  #arrival = new Float64Array(SMALLEST_RING);
  #t = new Float64Array(SMALLEST_RING);
  #v = new Float64Array(SMALLEST_RING); // NaN is null
  #boot = new Float64Array(SMALLEST_RING);
  #seq = new Float64Array(SMALLEST_RING);
  #quality = new Uint8Array(SMALLEST_RING);
  /** Why an entry is not good, by index: few are. */
  readonly #reasons = new Map<number, string>();
  #oldest = 0;
  #next = 0;
  #revision = 0;
  /** Arrival of the newest entry that had to go before its time. */
  #cutArrival = Number.NEGATIVE_INFINITY;

  constructor(limits: WindowLimits, budget: Budget) {
    this.#limits = limits;
    this.#budget = budget;
  }

  /** Index of the oldest entry; equals {@link next} when empty. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Index that the next entry will get. */
  get next(): number {
    return this.#next;
  }

  get size(): number {
    return this.#next - this.#oldest;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Grows when entries that are already there change: cursors of another revision must begin again. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether readings younger than the window's time had to go, because there were too many. */
  cut(now: number): boolean {
    return now - this.#cutArrival < this.#limits.windowMs;
  }

  /** Puts one entry at the end; the oldest go when the count or the time is over. */
  push(entry: WindowEntry): void {
    this.evict(entry.arrival);
    if (this.size >= this.#limits.maxReadings || (this.size === this.#capacity && !this.#grow())) {
      this.#cutArrival = this.#arrival[this.#oldest % this.#capacity] ?? entry.arrival;
      this.#dropTo(this.#oldest + 1);
    }
    const n = this.#next++;
    const slot = n % this.#capacity;
    this.#arrival[slot] = entry.arrival;
    this.#t[slot] = entry.t;
    this.#v[slot] = entry.v ?? Number.NaN;
    this.#boot[slot] = entry.boot;
    this.#seq[slot] = entry.seq;
    this.#quality[slot] = entry.quality === undefined ? GOOD : entry.quality === "bad" ? BAD : UNCERTAIN;
    if (entry.reason !== undefined && entry.reason !== "") this.#reasons.set(n, entry.reason);
  }

  /** Lets go what is older than the window. */
  evict(now: number): void {
    const horizon = now - this.#limits.windowMs;
    let n = this.#oldest;
    while (n < this.#next && (this.#arrival[n % this.#capacity] ?? 0) <= horizon) n += 1;
    if (n !== this.#oldest) this.#dropTo(n);
    if (this.size === 0 && this.#capacity > SMALLEST_RING) this.#resize(SMALLEST_RING);
  }

  /** Entry `n`, or undefined when it is not in the window. */
  at(n: number): WindowEntry | undefined {
    if (n < this.#oldest || n >= this.#next) return undefined;
    const slot = n % this.#capacity;
    const v = this.#v[slot] ?? Number.NaN;
    const code = this.#quality[slot];
    const reason = this.#reasons.get(n);
    return {
      arrival: this.#arrival[slot] ?? 0,
      t: this.#t[slot] ?? 0,
      v: Number.isNaN(v) ? null : v,
      boot: this.#boot[slot] ?? 0,
      seq: this.#seq[slot] ?? 0,
      ...(code === GOOD ? {} : { quality: code === BAD ? "bad" : "uncertain" }),
      ...(reason === undefined ? {} : { reason }),
    };
  }

  /** Entries `from` to `to` (not included), both within the window, as columns. */
  columns(from: number, to: number): Columns {
    const columns: Columns = { n: from, t: [], v: [], boot: [], seq: [], q: [] };
    for (let n = from; n < to; n += 1) {
      const slot = n % this.#capacity;
      const v = this.#v[slot] ?? Number.NaN;
      columns.t.push(this.#t[slot] ?? 0);
      columns.v.push(Number.isNaN(v) ? null : v);
      columns.boot.push(this.#boot[slot] ?? 0);
      columns.seq.push(this.#seq[slot] ?? 0);
      const code = this.#quality[slot];
      if (code === GOOD) continue;
      columns.q.push([n - from, code === BAD ? "bad" : "uncertain", this.#reasons.get(n) ?? ""]);
    }
    return columns;
  }

  /**
   * The node's clock was found to be off (or was set) by `deltaMs` more than was taken out of the entries that
   * arrived since `sinceArrival`: moves those of them that come nearer to their arrival by it.
   */
  shift(deltaMs: number, sinceArrival: number): void {
    let changed = false;
    for (let n = this.#oldest; n < this.#next; n += 1) {
      const slot = n % this.#capacity;
      const arrival = this.#arrival[slot] ?? 0;
      const t = this.#t[slot] ?? 0;
      if (arrival < sinceArrival || Math.abs(arrival - (t - deltaMs)) >= Math.abs(arrival - t)) continue;
      this.#t[slot] = t - deltaMs;
      changed = true;
    }
    if (changed) this.#revision += 1;
  }

  /** This machine's own clock was set: all that is here keeps its distance from now. */
  stepped(deltaMs: number): void {
    for (let n = this.#oldest; n < this.#next; n += 1) {
      const slot = n % this.#capacity;
      this.#arrival[slot] = (this.#arrival[slot] ?? 0) + deltaMs;
      this.#t[slot] = (this.#t[slot] ?? 0) + deltaMs;
    }
    this.#cutArrival += deltaMs;
    if (this.size > 0) this.#revision += 1;
  }

  /** Gives its room back. */
  clear(): void {
    this.#dropTo(this.#next);
    if (this.#capacity > SMALLEST_RING) this.#resize(SMALLEST_RING);
  }

  #dropTo(n: number): void {
    if (this.#reasons.size > 0) for (let gone = this.#oldest; gone < n; gone += 1) this.#reasons.delete(gone);
    this.#oldest = n;
  }

  #grow(): boolean {
    const capacity = Math.min(this.#capacity * 2, Math.max(this.#limits.maxReadings, SMALLEST_RING));
    if (capacity <= this.#capacity || !this.#budget.take(capacity - this.#capacity)) return false;
    this.#resize(capacity);
    return true;
  }

  #resize(capacity: number): void {
    const moved = <A extends Float64Array | Uint8Array>(from: A, to: A): A => {
      for (let n = this.#oldest; n < this.#next; n += 1) to[n % capacity] = from[n % this.#capacity] ?? 0;
      return to;
    };
    this.#arrival = moved(this.#arrival, new Float64Array(capacity));
    this.#t = moved(this.#t, new Float64Array(capacity));
    this.#v = moved(this.#v, new Float64Array(capacity));
    this.#boot = moved(this.#boot, new Float64Array(capacity));
    this.#seq = moved(this.#seq, new Float64Array(capacity));
    this.#quality = moved(this.#quality, new Uint8Array(capacity));
    if (capacity < this.#capacity) this.#budget.give(this.#capacity - capacity);
    this.#capacity = capacity;
  }
}
