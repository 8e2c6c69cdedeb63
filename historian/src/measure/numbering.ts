import { type BootMissing, RangeSet, type SeqRange } from "@fieldmesh/protocol";

/** Boots of which numbers are told apart; readings of older ones are only counted. */
const MAX_BOOTS = 4;
/** Gaps kept apart. Of the oldest beyond them it is forgotten which numbers they were, not how many. */
const MAX_GAPS = 64;

/** Counts numbers that are missing, at the times when they are taken to have been read. `sign` -1: no longer. */
export type MissingSink = (from: number, to: number, timeOf: (seq: number) => number, sign: 1 | -1) => void;

interface Boot {
  boot: number;
  /** Least and greatest number that are accounted for: each between is counted as received or missing. */
  first: number;
  last: number;
  /** When those were read, ms. */
  firstAt: number;
  lastAt: number;
  /** Up to here there may be numbers missing of which no gap tells any more. */
  blurredTo: number;
}

/**
 * Numbers that have not come. They are taken to have been read evenly between their neighbours: number `n` at
 * `zeroAt + n * stepMs`, which stays as it is however the gap is filled, so that each is taken off where it was
 * put.
 */
interface Gap {
  boot: number;
  from: number;
  to: number;
  zeroAt: number;
  stepMs: number;
  /** Between which times they were read, ms. */
  after: number;
  before: number;
}

export interface NumberingJson {
  boots: Boot[];
  gaps: Gap[];
}

/** Where a number belongs that came. */
export interface Place {
  /** It was counted before: nothing to do. */
  known: boolean;
  after: number;
  before: number;
}

/**
 * Which numbers of a stream have come and which are missing, and when those must have been read. The newest number
 * that came says that all lower ones were given; the consumer's ledger says where counting begins, and what the
 * node gave beyond the newest (see {@link reconcile}).
 */
export class Numbering {
  readonly #sink: MissingSink;
  /** Ascending by boot. */
  #boots: Boot[] = [];
  /** The last of them: nearly all readings are of it. */
  #newest: Boot | undefined;
  /** Oldest first, as far as that is told by when they were seen. */
  #gaps: Gap[] = [];
  readonly #place: Place = { known: false, after: 0, before: 0 };

  constructor(sink: MissingSink) {
    this.#sink = sink;
  }

  /** Anything that has not come? */
  get open(): boolean {
    return this.#gaps.length > 0;
  }

  /** Newest boot and its newest number; `undefined` before anything came. */
  get newest(): { readonly boot: number; readonly last: number } | undefined {
    return this.#newest;
  }

  /** Where a number belongs. The answer is overwritten by the next call. */
  place(boot: number, seq: number): Place {
    const place = this.#place;
    place.known = false;
    place.before = Number.POSITIVE_INFINITY;
    const newest = this.#newest;
    if (newest !== undefined && newest.boot === boot && newest.last < seq) {
      place.after = newest.lastAt;
      return place;
    }
    place.after = Number.NEGATIVE_INFINITY;
    const index = this.#indexOf(boot);
    const known = this.#boots[index];
    if (known?.boot !== boot) {
      // A later boot was read after an earlier one.
      place.after = this.#boots[index]?.lastAt ?? place.after;
      place.before = this.#boots[index + 1]?.firstAt ?? place.before;
      return place;
    }
    if (seq > known.last) {
      place.after = known.lastAt;
      place.before = this.#boots[index + 1]?.firstAt ?? place.before;
      return place;
    }
    if (seq < known.first) {
      place.before = known.firstAt;
      return place;
    }
    const gap = this.#gapOf(boot, seq);
    if (gap !== undefined) {
      place.after = gap.after;
      place.before = gap.before;
    } else if (seq <= known.blurredTo) place.before = known.lastAt;
    else place.known = true;
    return place;
  }

  /**
   * A number that {@link place} does not know came, and was read at `at`. Returns whether numbers before it are
   * (or may be) missing: the ledger has to be asked.
   */
  put(boot: number, seq: number, at: number): boolean {
    const newest = this.#newest;
    if (newest !== undefined && newest.boot === boot && newest.last + 1 === seq) {
      newest.last = seq;
      newest.lastAt = at;
      return false;
    }
    const index = this.#indexOf(boot);
    const known = this.#boots[index];
    if (known?.boot !== boot) {
      this.#begin(index + 1, { boot, first: seq, last: seq, firstAt: at, lastAt: at, blurredTo: 0 });
      return true;
    }
    if (seq > known.last) {
      const gap = seq > known.last + 1;
      if (gap) this.#miss(boot, known.last + 1, seq - 1, known.lastAt, at);
      known.last = seq;
      known.lastAt = at;
      return gap;
    }
    if (seq < known.first) return false; // of before this historian counted
    const gap = this.#gapOf(boot, seq);
    if (gap !== undefined) this.#fill(gap, seq, at);
    else if (seq <= known.blurredTo) this.#sink(seq, seq, () => at, -1);
    return false;
  }

  /**
   * Makes the gaps agree with the ledger's: takes those out that have come without being seen here, and puts those
   * in that were given before the first or after the newest number that came.
   * @param begun when a boot began, ms, where that is known
   */
  reconcile(missing: readonly BootMissing[], begun: (boot: number) => number | undefined, now: number): void {
    for (const { boot, countedFrom, apartFrom, lastSeq, pieces } of missing.slice(-MAX_BOOTS)) {
      const gone = RangeSet.of(pieces.map(({ from, to }): SeqRange => [from, to]));
      const answered = (from: number, to: number) => [
        ...rangeWithin(from, Math.min(to, countedFrom - 1)),
        ...gone.missing(Math.max(from, apartFrom), to),
      ];
      for (const gap of this.#gaps.filter((candidate) => candidate.boot === boot)) {
        const came = answered(gap.from, gap.to);
        for (const [from, to] of came) this.#drop(boot, from, to);
      }
      let index = this.#indexOf(boot);
      if (this.#boots[index]?.boot !== boot) {
        if (gone.count === 0) continue;
        const since = this.#since(index, begun(boot), now);
        const before = { first: countedFrom, last: countedFrom - 1, firstAt: since, lastAt: since };
        if (!this.#begin(index + 1, { boot, ...before, blurredTo: 0 })) continue;
        index = this.#indexOf(boot);
      }
      const known = this.#boots[index];
      if (known === undefined) continue;
      this.#reconcileEnds(known, index, gone, { countedFrom, lastSeq, begunAt: begun(boot), now });
    }
  }

  /** Our own clock was set back: nothing was read later than now. */
  rewind(now: number): void {
    for (const boot of this.#boots) {
      boot.firstAt = Math.min(boot.firstAt, now);
      boot.lastAt = Math.min(boot.lastAt, now);
    }
  }

  toJSON(): NumberingJson {
    return { boots: this.#boots.map((boot) => ({ ...boot })), gaps: this.#gaps.map((gap) => ({ ...gap })) };
  }

  restore({ boots, gaps }: NumberingJson): void {
    this.#boots = boots.map((boot) => ({ ...boot }));
    this.#newest = this.#boots.at(-1);
    this.#gaps = gaps.map((gap) => ({ ...gap }));
  }

  /** What was given before the first number that came, and after the newest. */
  #reconcileEnds(
    known: Boot,
    index: number,
    gone: RangeSet,
    span: { countedFrom: number; lastSeq: number; begunAt: number | undefined; now: number },
  ): void {
    const { boot } = known;
    if (span.countedFrom < known.first) {
      const after = this.#since(index - 1, span.begunAt, known.firstAt);
      const ranges = gone.clip(span.countedFrom, known.first - 1).ranges();
      for (const [from, to] of ranges) this.#miss(boot, from, to, after, known.firstAt);
      known.first = span.countedFrom;
    }
    if (span.countedFrom > known.last + 1) {
      // What came was of before the ledger counts: it begins to count here.
      known.first = span.countedFrom;
      known.last = span.countedFrom - 1;
      known.firstAt = span.now;
    }
    if (span.lastSeq <= known.last) return;
    const before = Math.max(known.lastAt, Math.min(this.#boots[index + 1]?.firstAt ?? span.now, span.now));
    for (const [from, to] of gone.clip(known.last + 1, span.lastSeq).ranges()) {
      this.#miss(boot, from, to, known.lastAt, before);
    }
    known.last = span.lastSeq;
  }

  /** Since when a boot can have been read: since it began, after the one before it, and not after `latest`. */
  #since(before: number, begunAt: number | undefined, latest: number): number {
    const earlier = this.#boots[before]?.lastAt ?? begunAt ?? latest;
    return Math.min(latest, Math.max(earlier, begunAt ?? earlier));
  }

  /** Index of the boot, or of the one before it; -1 when it is older than all. */
  #indexOf(boot: number): number {
    let index = this.#boots.length - 1;
    while (index >= 0 && (this.#boots[index]?.boot ?? 0) > boot) index--;
    return index;
  }

  /** False when it is older than all that are kept. */
  #begin(index: number, boot: Boot): boolean {
    this.#boots.splice(index, 0, boot);
    this.#newest = this.#boots.at(-1);
    if (this.#boots.length <= MAX_BOOTS) return true;
    const oldest = this.#boots.shift();
    this.#gaps = this.#gaps.filter((gap) => gap.boot !== oldest?.boot);
    return oldest !== boot;
  }

  #gapOf(boot: number, seq: number): Gap | undefined {
    for (let index = this.#gaps.length - 1; index >= 0; index--) {
      const gap = this.#gaps[index];
      if (gap?.boot === boot && gap.from <= seq && seq <= gap.to) return gap;
    }
    return undefined;
  }

  #miss(boot: number, from: number, to: number, after: number, before: number): void {
    const stepMs = Math.max(0, before - after) / (to - from + 2);
    const gap = { boot, from, to, zeroAt: after - (from - 1) * stepMs, stepMs, after, before };
    this.#gaps.push(gap);
    this.#sink(from, to, timesOf(gap), 1);
    this.#bound();
  }

  #fill(gap: Gap, seq: number, at: number): void {
    this.#sink(seq, seq, timesOf(gap), -1);
    const index = this.#gaps.indexOf(gap);
    const parts: Gap[] = [];
    if (gap.from < seq) parts.push({ ...gap, to: seq - 1, before: at });
    if (seq < gap.to) parts.push({ ...gap, from: seq + 1, after: at });
    this.#gaps.splice(index, 1, ...parts);
    this.#bound();
  }

  /** Numbers that have come without being seen here: they are no longer missing. */
  #drop(boot: number, from: number, to: number): void {
    this.#gaps = this.#gaps.flatMap((gap) => {
      const a = Math.max(gap.from, from);
      const b = Math.min(gap.to, to);
      if (gap.boot !== boot || a > b) return [gap];
      this.#sink(a, b, timesOf(gap), -1);
      const parts: Gap[] = [];
      if (gap.from < a) parts.push({ ...gap, to: a - 1 });
      if (b < gap.to) parts.push({ ...gap, from: b + 1 });
      return parts;
    });
    this.#bound();
  }

  #bound(): void {
    while (this.#gaps.length > MAX_GAPS) {
      const oldest = this.#gaps.shift();
      const boot = this.#boots.find((candidate) => candidate.boot === oldest?.boot);
      if (boot !== undefined && oldest !== undefined) boot.blurredTo = Math.max(boot.blurredTo, oldest.to);
    }
  }
}

function timesOf({ zeroAt, stepMs }: Gap): (seq: number) => number {
  return (seq) => zeroAt + seq * stepMs;
}

function rangeWithin(from: number, to: number): SeqRange[] {
  return from <= to ? [[from, to]] : [];
}
