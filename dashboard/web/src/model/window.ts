import type { Quality, StreamFrame } from "@fieldmesh/protocol";

/** A reading that is not good. */
export interface Flag {
  quality: Quality;
  reason: string;
}

/** Columns in order of node time; index `i` is one reading. Bad readings have the value NaN. */
export interface Series {
  readonly t: readonly number[];
  readonly v: readonly number[];
  readonly boot: readonly number[];
  readonly seq: readonly number[];
  readonly n: readonly number[];
  /** First index that counts: everything below has left the window. */
  readonly head: number;
  /** By index `n`. */
  readonly flags: ReadonlyMap<number, Flag>;
}

/** Left entries are cut off together: once a frame would move 3,000 entries 20 times a second. */
const COMPACT_AT = 512; // entries

/**
 * The browser's copy of one stream's window. Entries arrive in the order of the server (index `n`) and are kept
 * in order of node time, so that a backfilled reading takes its place among the others. What frames bring twice
 * is recognised by `n` and ignored.
 */
export class StreamWindow implements Series {
  t: number[] = [];
  v: number[] = [];
  boot: number[] = [];
  seq: number[] = [];
  n: number[] = [];
  head = 0;
  flags = new Map<number, Flag>();
  /** Count of readings, not time, cut the window at the server. */
  cut = false;
  /** Index of the newest entry held; absent before the first. */
  newest: number | undefined;
  /** Grows with every change: a chart compares it. */
  revision = 0;
  #oldest = 0;

  /** Entries in the window. */
  get size(): number {
    return this.n.length - this.head;
  }

  /** Takes over a frame of the server. */
  apply(frame: StreamFrame): void {
    if (frame.reset) this.clear();
    this.cut = frame.cut;
    const flags = new Map(frame.q.map(([i, quality, reason]) => [i, { quality, reason }]));
    for (let i = 0; i < frame.t.length; i++) {
      const n = frame.n + i;
      if (this.newest !== undefined && n <= this.newest) continue;
      this.newest = n;
      if (n < frame.oldest) continue;
      const flag = flags.get(i);
      if (flag !== undefined) this.flags.set(n, flag);
      this.#insert(n, frame.t[i] ?? 0, frame.v[i] ?? Number.NaN, frame.boot[i] ?? 0, frame.seq[i] ?? 0);
    }
    this.#dropBelow(frame.oldest);
    this.revision += 1;
  }

  clear(): void {
    this.t = [];
    this.v = [];
    this.boot = [];
    this.seq = [];
    this.n = [];
    this.head = 0;
    this.flags = new Map();
    this.newest = undefined;
    this.#oldest = 0;
  }

  /** A copy that later frames leave alone, for a chart that is paused. */
  copy(): Series {
    const { head } = this;
    return {
      t: this.t.slice(head),
      v: this.v.slice(head),
      boot: this.boot.slice(head),
      seq: this.seq.slice(head),
      n: this.n.slice(head),
      head: 0,
      flags: new Map(this.flags),
    };
  }

  /** What the window holds, in order of arrival at the server. */
  charted(): { boot: number; seq: number }[] {
    const order = [];
    for (let i = this.head; i < this.n.length; i++) order.push(i);
    order.sort((a, b) => (this.n[a] ?? 0) - (this.n[b] ?? 0));
    return order.map((i) => ({ boot: this.boot[i] ?? 0, seq: this.seq[i] ?? 0 }));
  }

  #insert(n: number, t: number, v: number, boot: number, seq: number): void {
    const last = this.t.at(-1);
    if (last === undefined || t >= last || this.size === 0) {
      this.t.push(t);
      this.v.push(v);
      this.boot.push(boot);
      this.seq.push(seq);
      this.n.push(n);
      return;
    }
    const at = firstAfter(this.t, t, this.head);
    this.t.splice(at, 0, t);
    this.v.splice(at, 0, v);
    this.boot.splice(at, 0, boot);
    this.seq.splice(at, 0, seq);
    this.n.splice(at, 0, n);
  }

  #dropBelow(oldest: number): void {
    if (oldest <= this.#oldest) return;
    this.#oldest = oldest;
    while (this.head < this.n.length && (this.n[this.head] ?? 0) < oldest) this.head += 1;
    // A backfilled entry at the front hides older ones behind it: those are looked for one by one.
    if (this.newest !== undefined && this.size > this.newest - oldest + 1) this.#filter(oldest);
    else if (this.head >= COMPACT_AT) this.#compact();
    if (this.flags.size > 0) for (const n of this.flags.keys()) if (n < oldest) this.flags.delete(n);
  }

  #compact(): void {
    for (const column of [this.t, this.v, this.boot, this.seq, this.n]) column.splice(0, this.head);
    this.head = 0;
  }

  #filter(oldest: number): void {
    let to = 0;
    for (let i = this.head; i < this.n.length; i++) {
      if ((this.n[i] ?? 0) < oldest) continue;
      for (const column of [this.t, this.v, this.boot, this.seq, this.n]) column[to] = column[i] ?? 0;
      to += 1;
    }
    for (const column of [this.t, this.v, this.boot, this.seq, this.n]) column.length = to;
    this.head = 0;
  }
}

/** Index of the first entry later than `t`, at or behind `from`, in a column that ascends. */
export function firstAfter(times: readonly number[], t: number, from: number): number {
  let low = from;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What a window says at a glance; undefined where it holds no good value between `from` and `to`. */
export interface Summary {
  min: number;
  max: number;
  mean: number;
  count: number;
  /** Readings that are not good. */
  flagged: number;
  /** When the newest value began, ms; absent when there was no other in that time. */
  changedAt?: number;
}

/** Least, greatest and mean of the good values from `from` to `to`, ms. */
export function summarise(series: Series, from: number, to: number): Summary | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  let flagged = 0;
  let before = Number.NaN;
  let changedAt: number | undefined;
  for (let i = firstAfter(series.t, from - 1, series.head); i < series.t.length; i++) {
    if ((series.t[i] ?? 0) > to) break;
    if (series.flags.size > 0 && series.flags.has(series.n[i] ?? -1)) flagged += 1;
    const v = series.v[i] ?? Number.NaN;
    if (Number.isNaN(v)) continue;
    if (v < min) min = v;
    if (v > max) max = v;
    sum += v;
    count += 1;
    if (v !== before && count > 1) changedAt = series.t[i];
    before = v;
  }
  if (count === 0) return undefined;
  const summary = { min, max, mean: sum / count, count, flagged };
  return changedAt === undefined ? summary : { ...summary, changedAt };
}

/** The reading whose time is nearest to `t`; its index, or -1 in an empty window. */
export function nearest(series: Series, t: number): number {
  const after = firstAfter(series.t, t, series.head);
  const before = after - 1;
  if (before < series.head) return after < series.t.length ? after : -1;
  if (after >= series.t.length) return before;
  return t - (series.t[before] ?? 0) <= (series.t[after] ?? 0) - t ? before : after;
}
