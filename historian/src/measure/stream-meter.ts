import type { BootMissing, QualityWindow, Reading, Stream, WindowQuality } from "@fieldmesh/protocol";
import type { ArrivedReading } from "@fieldmesh/runtime";
import type { SampleColumns } from "@fieldmesh/storage";
import { BadReasons } from "./bad-reasons.js";
import { breaks, type Declaration, defaultPromiseMs } from "./declaration.js";
import { FreshTime } from "./fresh-time.js";
import type { Promised, StreamDocument } from "./measure-document.js";
import type { NodeClock } from "./node-clock.js";
import { Numbering } from "./numbering.js";
import { Packer, Unpacker } from "./packing.js";
import { delayIsDoubtful, readingTime, type Told } from "./reading-time.js";
import { SlidingCounters } from "./sliding-counters.js";
import { SlidingHistogram } from "./sliding-histogram.js";
import { COUNT_TIERS, type CountWindow, DELAY_TIERS, TIER_OF } from "./tiers.js";

// Fields of the counters that every stream has. Readings are counted at the time when they were read.
const RECEIVED = 0;
const MISSING = 1;
const TIMED = 2;
const TIMELY = 3;
const OBSERVED = 4;
const FRESH = 5;
const COUNTS = 6;
// Of those that only faulty streams have. The last two are counted at their arrival.
const FAULTS = { unit: 0, type: 1, range: 2, duplicate: 3, outOfOrder: 4 } as const;
const FAULT_FIELDS = 5;

const JUST_RECEIVED = [RECEIVED];
const RECEIVED_LATE = [RECEIVED, TIMED];
const RECEIVED_TIMELY = [RECEIVED, TIMED, TIMELY];
const WAS_LATE = [TIMED];
const WAS_TIMELY = [TIMED, TIMELY];

const PERCENTILES = [0.5, 0.95, 0.99];
/** A stream that declares no interval is fresh for three of its own, ms at the least (as everywhere in Fieldmesh). */
const UNDECLARED_INTERVALS = 3;
const MIN_UNDECLARED_MS = 60_000;

/** What objectives are told by: sums over one window. */
export interface MeasureCounts {
  observedMs: number;
  freshMs: number;
  /** Received and missing; 0 of a stream without accounting. */
  expected: number;
  received: number;
  /** Of the received. */
  valid: number;
  /** Of the timed: came within the promise; all where none was made. */
  timely: number;
  /** Of the received: those whose delay is known. */
  timed: number;
}

const packer = new Packer();
const sums = new Float64Array(COUNTS);
const faultSums = new Float64Array(FAULT_FIELDS);
const told: Told = {
  timestamp: 0,
  offsetMs: 0,
  measured: false,
  arrivedAt: 0,
  after: 0,
  before: 0,
  backfill: false,
};

/** Everything that is measured of one stream. Times are ms by this historian's clock. */
export class StreamMeter {
  readonly stream: Stream;
  readonly name: string;
  readonly clock: NodeClock;
  /** Something is not kept yet. */
  changed = true;
  /** When the consumer's ledger is to be asked what is missing; `undefined`: nothing speaks for it. */
  reconcileAt: number | undefined;
  #since: number;
  #accounted = false;
  #declaration: Declaration | undefined;
  #promise: Promised = {};
  #undeclaredMs: number | undefined;
  /** The boot whose account was looked at, and with it those before. */
  #reconciledBoot: number | undefined;
  /** The ledger's count when it was last looked at. */
  #duplicates: number | undefined;
  readonly #counts = new SlidingCounters(COUNT_TIERS, COUNTS);
  readonly #faults = new SlidingCounters(COUNT_TIERS, FAULT_FIELDS);
  readonly #bad = new BadReasons();
  readonly #delays = new SlidingHistogram(DELAY_TIERS);
  readonly #fresh = new FreshTime((kind, from, to) =>
    this.#counts.addTime(kind === "fresh" ? FRESH : OBSERVED, from, to),
  );
  readonly #numbering = new Numbering((from, to, timeOf, sign) =>
    this.#counts.addNumbers(MISSING, from, to, timeOf, sign),
  );

  constructor(stream: Stream, name: string, clock: NodeClock, now: number) {
    this.stream = stream;
    this.name = name;
    this.clock = clock;
    this.#since = now;
  }

  /** A reading came for the first time, as far as the consumer knows. */
  arrived({ reading, accounted, outOfOrder, arrivedAt, clockOffsetMs }: ArrivedReading): void {
    const { boot, seq } = reading;
    told.timestamp = reading.timestamp;
    told.offsetMs = clockOffsetMs;
    told.measured = clockOffsetMs !== 0 || this.clock.measured;
    told.arrivedAt = arrivedAt;
    told.backfill = reading.backfill === true;
    told.after = Number.NEGATIVE_INFINITY;
    told.before = Number.POSITIVE_INFINITY;
    if (accounted) {
      const place = this.#numbering.place(boot, seq);
      if (place.known) return;
      told.after = place.after;
      told.before = place.before;
    }
    const at = readingTime(told);
    this.changed = true;
    this.#accounted = accounted;
    if (accounted && this.#numbering.put(boot, seq, at)) this.reconcileAt = arrivedAt;
    if (outOfOrder) this.#faults.add(arrivedAt, FAULTS.outOfOrder, 1);
    if (delayIsDoubtful(told, at)) {
      this.#counts.count(at, JUST_RECEIVED);
      // Who has no accounting has no clock that could be measured either.
      if (accounted) this.clock.wait(this, reading.timestamp, at, arrivedAt);
    } else {
      const readAt = told.backfill ? at : reading.timestamp - clockOffsetMs;
      const delayMs = Math.max(0, arrivedAt - readAt);
      this.#counts.count(at, this.#timely(delayMs) ? RECEIVED_TIMELY : RECEIVED_LATE);
      this.#delays.add(at, delayMs);
    }
    this.#judge(reading, at, arrivedAt);
  }

  /** Stored readings that are not in what was kept of this stream: their arrival is not known. */
  replayed(columns: SampleColumns, now: number): void {
    const { unit, valueType, marks } = columns;
    const reading: Pick<Reading, "value" | "unit" | "quality" | "reason"> = { value: null, unit };
    let mark = 0;
    for (let index = 0; index < columns.length; index++) {
      const boot = columns.boot[index] ?? 0;
      const seq = columns.seq[index] ?? 0;
      let at = Math.min(columns.at[index] ?? now, now);
      while ((marks[mark]?.index ?? Number.POSITIVE_INFINITY) < index) mark++;
      const marked = marks[mark]?.index === index ? marks[mark] : undefined;
      if (boot > 0) {
        const place = this.#numbering.place(boot, seq);
        if (place.known) continue;
        at = Math.round(Math.max(place.after, Math.min(at, place.before)));
        this.#accounted = true;
        if (this.#numbering.put(boot, seq, at)) this.reconcileAt = now;
      }
      this.changed = true;
      this.#counts.count(at, JUST_RECEIVED);
      const value = columns.value[index] ?? Number.NaN;
      reading.value = Number.isNaN(value) ? null : valueType === "boolean" ? value === 1 : value;
      delete reading.quality;
      delete reading.reason;
      if (marked !== undefined) reading.quality = marked.quality;
      if (marked?.reason !== undefined) reading.reason = marked.reason;
      this.#judge(reading, at, now);
    }
  }

  /** A delay that was not known when its reading came. */
  delay(at: number, delayMs: number): void {
    this.changed = true;
    this.#counts.count(at, this.#timely(delayMs) ? WAS_TIMELY : WAS_LATE);
    this.#delays.add(at, delayMs);
  }

  /** What its birth says of it; `undefined`: it is not in the birth of its node, or that has none. */
  declare(declaration: Declaration | undefined, now: number): void {
    this.#declaration = declaration;
    this.#undeclaredMs = undefined;
    this.changed = true;
    this.#renewPromise(now);
  }

  promise(promise: Promised, now: number): void {
    this.#promise = promise;
    this.changed = true;
    this.#renewPromise(now);
  }

  /** Of a stream without accounting: its own median interval, ms. */
  undeclared(medianIntervalMs: number | undefined, now: number): void {
    this.#undeclaredMs = Math.max(UNDECLARED_INTERVALS * (medianIntervalMs ?? 0), MIN_UNDECLARED_MS);
    this.#renewPromise(now);
  }

  /** What the consumer's ledger counted as duplicates so far: what is new of it came now. */
  duplicates(total: number, now: number): void {
    const before = this.#duplicates ?? total;
    this.#duplicates = total;
    if (total <= before) return;
    this.changed = true;
    this.#faults.add(now, FAULTS.duplicate, total - before);
  }

  /** See {@link Numbering.reconcile}. */
  reconcile(missing: readonly BootMissing[], begun: (boot: number) => number | undefined, now: number): void {
    this.reconcileAt = undefined;
    this.#numbering.reconcile(missing, begun, now);
    this.#reconciledBoot = missing.at(-1)?.boot;
    this.changed = true;
  }

  /** Whether stats that tell of this newest number tell anything that is not known. */
  agrees(boot: number, lastSeq: number): boolean {
    const newest = this.#numbering.newest;
    if (this.#numbering.open || this.#reconciledBoot !== boot) return false;
    return newest?.boot === boot && newest.last >= lastSeq;
  }

  /** Time that nobody watched, from what was watched last (or `from`) to `now`. */
  skip(from: number | undefined, now: number): void {
    if (from !== undefined) this.#fresh.settle(from);
    this.#fresh.skip(now);
    this.changed = true;
  }

  /** Our own clock was set back to `now`. */
  rewind(now: number): void {
    this.#counts.rewind(now);
    this.#faults.rewind(now);
    this.#bad.rewind(now);
    this.#delays.rewind(now);
    this.#numbering.rewind(now);
    this.#since = Math.min(this.#since, now);
    this.skip(undefined, now);
  }

  counts(window: CountWindow, now: number): MeasureCounts {
    this.#fresh.settle(now);
    this.#counts.sum(window, now, sums);
    this.#faults.sum(window, now, faultSums);
    const received = sums[RECEIVED] ?? 0;
    const invalid =
      (faultSums[FAULTS.unit] ?? 0) + (faultSums[FAULTS.type] ?? 0) + (faultSums[FAULTS.range] ?? 0);
    return {
      observedMs: sums[OBSERVED] ?? 0,
      freshMs: sums[FRESH] ?? 0,
      expected: this.#accounted ? received + (sums[MISSING] ?? 0) : 0,
      received,
      valid: received - invalid,
      timely: sums[TIMELY] ?? 0,
      timed: sums[TIMED] ?? 0,
    };
  }

  freshness(now: number): { at: number | null; ageMs: number | null; withinMs: number; fresh: boolean } {
    const at = this.#fresh.newestAt;
    return {
      at,
      ageMs: at === null ? null : Math.max(0, now - at),
      withinMs: this.#fresh.withinMs ?? 0,
      fresh: this.#fresh.fresh(now),
    };
  }

  quality(window: QualityWindow, now: number): WindowQuality {
    const tier = TIER_OF[window];
    const counted = { tier, slots: COUNT_TIERS[tier]?.slots ?? 0 };
    const { observedMs, freshMs, expected, received, valid } = this.counts(counted, now);
    const invalidBy: WindowQuality["invalidBy"] = {};
    for (const kind of ["unit", "type", "range"] as const) {
      const count = faultSums[FAULTS[kind]] ?? 0;
      if (count > 0) invalidBy[kind] = count;
    }
    const [p50, p95, p99] = this.#delays.quantiles(tier, now, PERCENTILES) ?? [];
    const timed = p50 !== undefined && p95 !== undefined && p99 !== undefined;
    const coveredMs = this.#counts.covered(counted, now, OBSERVED, RECEIVED);
    return {
      observedMs,
      expected,
      received,
      completeness: share(received, expected),
      validity: this.#declaration === undefined ? null : share(valid, received),
      invalidBy,
      availability: share(freshMs, observedMs),
      timeliness: timed ? { p50, p95, p99 } : null,
      rate: coveredMs > 0 ? received / (coveredMs / 1_000) : null,
      duplicates: faultSums[FAULTS.duplicate] ?? 0,
      outOfOrder: faultSums[FAULTS.outOfOrder] ?? 0,
      ...this.#bad.sum(counted, now),
    };
  }

  save(): StreamDocument {
    this.#faults.trim();
    this.#bad.trim();
    const packed = (part: { pack(into: Packer): void }) => {
      part.pack(packer);
      return packer.take();
    };
    return {
      v: 1,
      since: this.#since,
      accounted: this.#accounted,
      declaration: this.#declaration ?? null,
      promise: { ...this.#promise },
      fresh: this.#fresh.toJSON(),
      numbering: this.#numbering.toJSON(),
      reasons: [...this.#bad.reasons],
      counts: packed(this.#counts),
      faults: packed(this.#faults),
      bad: packed(this.#bad),
      delays: packed(this.#delays),
    };
  }

  /** Fills a new meter with what {@link save} gave. @throws PackingError when that cannot be read */
  restore(document: StreamDocument): void {
    this.#counts.unpack(new Unpacker(document.counts));
    this.#faults.unpack(new Unpacker(document.faults));
    this.#bad.unpack(new Unpacker(document.bad), document.reasons);
    this.#delays.unpack(new Unpacker(document.delays));
    this.#numbering.restore(document.numbering);
    this.#fresh.restore(document.fresh);
    this.#since = document.since;
    this.#accounted = document.accounted;
    this.#declaration = document.declaration ?? undefined;
    this.#promise = document.promise;
  }

  #judge(
    reading: Pick<Reading, "value" | "unit" | "quality" | "reason">,
    at: number,
    arrivedAt: number,
  ): void {
    const { quality } = reading;
    if (this.#declaration !== undefined) {
      const broken = breaks(this.#declaration, reading);
      if (broken !== undefined) this.#faults.add(at, FAULTS[broken], 1);
    }
    if (quality === undefined) this.#fresh.good(at, arrivedAt);
    else if (quality === "bad") this.#bad.add(reading.reason, at, arrivedAt);
  }

  #timely(delayMs: number): boolean {
    const { timelyWithinMs } = this.#promise;
    return timelyWithinMs === undefined || delayMs <= timelyWithinMs;
  }

  #renewPromise(now: number): void {
    const { freshWithinMs } = this.#promise;
    const declared = this.#declaration === undefined ? undefined : defaultPromiseMs(this.#declaration);
    const withinMs = freshWithinMs ?? declared ?? this.#undeclaredMs;
    if (withinMs === this.#fresh.withinMs) return;
    this.#fresh.promise(withinMs, now);
    this.changed = true;
  }
}

function share(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}
