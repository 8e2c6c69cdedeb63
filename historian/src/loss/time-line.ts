interface Anchor {
  seq: number;
  at: number;
}

/** Anchors of one boot: two for each gap that is open, more only help with older ones. */
const MAX_ANCHORS = 64;

/** When the numbers of one boot were read: known of some, and of those between by where they stand. */
export class TimeLine {
  /** Ascending by number. */
  #anchors: Anchor[] = [];

  add(seq: number, at: number): void {
    const index = this.#anchors.findLastIndex((anchor) => anchor.seq <= seq);
    if (this.#anchors[index]?.seq === seq) this.#anchors[index] = { seq, at };
    else this.#anchors.splice(index + 1, 0, { seq, at });
    if (this.#anchors.length > MAX_ANCHORS) this.#anchors.shift();
  }

  /**
   * @param newest known beside the anchors
   * @param intervalMs how far apart readings are taken to be beyond the ends of what is known
   * @param now nothing was read later; the answer when nothing at all is known
   */
  at(seq: number, newest: Anchor | undefined, intervalMs: number, now: number): number {
    let after = this.#anchors.find((anchor) => anchor.seq >= seq);
    let before = this.#anchors.findLast((anchor) => anchor.seq <= seq);
    if (newest !== undefined && newest.seq >= seq && newest.seq < (after?.seq ?? Infinity)) after = newest;
    if (newest !== undefined && newest.seq <= seq && newest.seq > (before?.seq ?? -1)) before = newest;
    if (before !== undefined && after !== undefined) return between(before, after, seq);
    if (before !== undefined) return Math.min(before.at + (seq - before.seq) * intervalMs, now);
    if (after !== undefined) return after.at - (after.seq - seq) * intervalMs;
    return now;
  }
}

/** The time of `seq` on the line through two known ones. */
export function between(a: Anchor, b: Anchor, seq: number): number {
  if (b.seq === a.seq) return a.at;
  return Math.round(a.at + ((b.at - a.at) * (seq - a.seq)) / (b.seq - a.seq));
}
