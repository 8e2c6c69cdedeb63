import type { SeqRange } from "./messages.js";

/**
 * A set of whole numbers kept as closed ranges in ascending order, never touching one another. In the steady
 * state of a stream it is a single range, so that membership and appending cost next to nothing.
 */
export class RangeSet {
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  #count = 0;

  static of(ranges: Iterable<readonly [number, number, ...unknown[]]>): RangeSet {
    const set = new RangeSet();
    for (const [from, to] of ranges) set.add(from, to);
    return set;
  }

  /** How many numbers are in the set. */
  get count(): number {
    return this.#count;
  }

  /** How many ranges they make: what the set costs in memory. */
  get size(): number {
    return this.#from.length;
  }

  get min(): number | undefined {
    return this.#from[0];
  }

  get max(): number | undefined {
    return this.#to[this.#to.length - 1];
  }

  has(n: number): boolean {
    const at = this.#firstReaching(n);
    const from = this.#from[at];
    return from !== undefined && from <= n;
  }

  /** Adds `from` to `to`, both included; answers how many numbers are new. `from > to` adds nothing. */
  add(from: number, to: number = from): number {
    if (from > to) return 0;
    const last = this.#to.length - 1;
    const end = this.#to[last];
    if (end === undefined || from > end + 1) {
      this.#from.push(from);
      this.#to.push(to);
      this.#count += to - from + 1;
      return to - from + 1;
    }
    if (from === end + 1) {
      this.#to[last] = to;
      this.#count += to - from + 1;
      return to - from + 1;
    }
    return this.#merge(from, to);
  }

  /** Takes `from` to `to` out; answers how many numbers were in it. */
  remove(from: number, to: number = from): number {
    if (from > to) return 0;
    const first = this.#firstReaching(from);
    const kept: [number, number][] = [];
    let at = first;
    let removed = 0;
    for (; at < this.#from.length; at++) {
      const [a, b] = this.#at(at);
      if (a > to) break;
      removed += Math.min(b, to) - Math.max(a, from) + 1;
      if (a < from) kept.push([a, from - 1]);
      if (b > to) kept.push([to + 1, b]);
    }
    this.#splice(first, at - first, kept);
    this.#count -= removed;
    return removed;
  }

  /** How many of the numbers `from` to `to` are in the set. */
  countWithin(from: number, to: number): number {
    let count = 0;
    for (let at = this.#firstReaching(from); at < this.#from.length; at++) {
      const [a, b] = this.#at(at);
      if (a > to) break;
      count += Math.min(b, to) - Math.max(a, from) + 1;
    }
    return count;
  }

  /** The numbers of this set that are not in `other`. */
  subtract(other: RangeSet): RangeSet {
    const rest = new RangeSet();
    for (let at = 0; at < this.#from.length; at++) {
      const [from, to] = this.#at(at);
      for (const [a, b] of other.missing(from, to)) rest.add(a, b);
    }
    return rest;
  }

  /** The ranges between `from` and `to` that are not in the set. */
  missing(from: number, to: number): SeqRange[] {
    const gaps: SeqRange[] = [];
    let next = from;
    for (let at = this.#firstReaching(from); at < this.#from.length && next <= to; at++) {
      const [a, b] = this.#at(at);
      if (a > to) break;
      if (a > next) gaps.push([next, a - 1]);
      next = b + 1;
    }
    if (next <= to) gaps.push([next, to]);
    return gaps;
  }

  /** The set cut to `from` … `to`. */
  clip(from: number, to: number): RangeSet {
    const cut = new RangeSet();
    for (let at = this.#firstReaching(from); at < this.#from.length; at++) {
      const [a, b] = this.#at(at);
      if (a > to) break;
      cut.add(Math.max(a, from), Math.min(b, to));
    }
    return cut;
  }

  ranges(): SeqRange[] {
    return this.#from.map((from, at): SeqRange => [from, this.#to[at] ?? from]);
  }

  #at(at: number): readonly [number, number] {
    const from = this.#from[at];
    const to = this.#to[at];
    if (from === undefined || to === undefined) throw new RangeError(`no range ${at}`);
    return [from, to];
  }

  /** Index of the first range that ends at `n` or later: the one `n` is in or stands before. */
  #firstReaching(n: number): number {
    let low = 0;
    let high = this.#to.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#to[middle] ?? 0) < n) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #merge(from: number, to: number): number {
    const first = this.#firstReaching(from - 1); // a range that ends just before is extended
    let start = from;
    let end = to;
    let swallowed = 0;
    let at = first;
    for (; at < this.#from.length; at++) {
      const [a, b] = this.#at(at);
      if (a > to + 1) break;
      start = Math.min(start, a);
      end = Math.max(end, b);
      swallowed += b - a + 1;
    }
    this.#splice(first, at - first, [[start, end]]);
    const added = end - start + 1 - swallowed;
    this.#count += added;
    return added;
  }

  #splice(at: number, remove: number, put: readonly (readonly [number, number])[]): void {
    this.#from.splice(at, remove, ...put.map(([from]) => from));
    this.#to.splice(at, remove, ...put.map(([, to]) => to));
  }
}
