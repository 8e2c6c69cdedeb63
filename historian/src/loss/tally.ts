import { RangeSet, type SeqRange } from "@fieldmesh/protocol";

/** Ranges kept apart; a stream that loses every other reading reaches it. */
const MAX_RANGES = 256;

export interface TallyJson {
  ranges: SeqRange[];
  /** Counted below `to`, no longer kept apart. */
  settled: number;
  to: number;
}

/** Numbers that are counted exactly once, in bounded memory: the oldest are only counted. */
export class Tally {
  #numbers = new RangeSet();
  #settled = 0;
  #to = 0;

  get count(): number {
    return this.#settled + this.#numbers.count;
  }

  add(from: number, to = from): void {
    this.#numbers.add(Math.max(from, this.#to + 1), to);
    if (this.#numbers.size <= MAX_RANGES) return;
    const ranges = this.#numbers.ranges();
    const end = ranges[ranges.length >>> 1]?.[1] ?? 0;
    this.#settled += this.#numbers.countWithin(0, end);
    this.#numbers = this.#numbers.clip(end + 1, Number.MAX_SAFE_INTEGER);
    this.#to = end;
  }

  /** Takes numbers out again, those that are still kept apart. */
  remove(from: number, to: number): void {
    this.#numbers.remove(from, to);
  }

  toJSON(): TallyJson {
    return { ranges: this.#numbers.ranges(), settled: this.#settled, to: this.#to };
  }

  static fromJSON({ ranges, settled, to }: TallyJson): Tally {
    const tally = new Tally();
    tally.#numbers = RangeSet.of(ranges);
    tally.#settled = settled;
    tally.#to = to;
    return tally;
  }
}
