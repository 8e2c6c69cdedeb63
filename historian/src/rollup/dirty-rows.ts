import { RangeSet, type SeqRange } from "@fieldmesh/protocol";
import { ROLLUP_MS, type RollupLevel } from "@fieldmesh/storage";

/** Which rows of which stream are to be made anew. Runs of neighbouring rows cost no more than one. */
export class DirtyRows {
  readonly #stepMs: number;
  readonly #streams = new Map<string, RangeSet>();

  constructor(level: RollupLevel) {
    this.#stepMs = ROLLUP_MS[level];
  }

  /** The row that `at` lies in. */
  mark(stream: string, at: number): void {
    this.#of(stream).add(Math.floor(at / this.#stepMs));
  }

  /** All rows that a time from `from` to `to` (both inclusive) lies in. */
  markRange(stream: string, from: number, to: number): void {
    this.#of(stream).add(Math.floor(from / this.#stepMs), Math.floor(to / this.#stepMs));
  }

  /**
   * Takes out runs of rows that ended before `before`, at most `limit` rows.
   * @returns stream and stretch of time, `from` inclusive and `to` exclusive, ms
   */
  take(before: number, limit: number): { stream: string; from: number; to: number }[] {
    const taken: { stream: string; from: number; to: number }[] = [];
    const newest = Math.floor(before / this.#stepMs) - 1;
    let left = limit;
    for (const [stream, rows] of this.#streams) {
      for (const [first, last] of rows.ranges()) {
        if (left <= 0 || first > newest) break;
        const end = Math.min(last, newest, first + left - 1);
        left -= end - first + 1;
        rows.remove(first, end);
        taken.push({ stream, from: first * this.#stepMs, to: (end + 1) * this.#stepMs });
      }
      if (rows.count === 0) this.#streams.delete(stream);
      if (left <= 0) break;
    }
    return taken;
  }

  forget(stream: string): void {
    this.#streams.delete(stream);
  }

  get count(): number {
    let count = 0;
    for (const rows of this.#streams.values()) count += rows.count;
    return count;
  }

  /** Row numbers by stream. */
  save(): Record<string, SeqRange[]> {
    return Object.fromEntries([...this.#streams].map(([stream, rows]) => [stream, rows.ranges()]));
  }

  restore(saved: Readonly<Record<string, readonly SeqRange[]>>): void {
    for (const [stream, ranges] of Object.entries(saved)) {
      for (const [first, last] of ranges) this.#of(stream).add(first, last);
    }
  }

  #of(stream: string): RangeSet {
    let rows = this.#streams.get(stream);
    if (rows === undefined) {
      rows = new RangeSet();
      this.#streams.set(stream, rows);
    }
    return rows;
  }
}
