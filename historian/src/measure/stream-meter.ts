import type { BootMissing, QualityWindow, Reading, Stream, WindowQuality } from "@fieldmesh/protocol";
import type { ArrivedReading } from "@fieldmesh/runtime";
import type { SampleColumns } from "@fieldmesh/storage";
import { breaks, type Declaration, defaultPromiseMs, type Terms, termsOf } from "./declaration.js";
import { FreshTime } from "./fresh-time.js";
import type { Promised, StreamDocument } from "./measure-document.js";
import type { NodeClock } from "./node-clock.js";
import { Numbering } from "./numbering.js";
import { delayIsDoubtful, readingTime, type Told } from "./reading-time.js";
import { type MeasureCounts, StreamTally, TallyBatch } from "./stream-tally.js";
import type { CountWindow } from "./tiers.js";

/** A stream that declares no interval is fresh for three of its own, ms at the least (as everywhere in Fieldmesh). */
const UNDECLARED_INTERVALS = 3;
const MIN_UNDECLARED_MS = 60_000;

/** Readings that wait to be entered, and numbers kept of each: seq, timestamp, arrivedAt, clock offset. */
const WAITING = 16;
const STRIDE = 4;

/** Streams that share an array for what waits: an array of its own for each would be one more place in memory. */
const ROOMS = 256;
let rooms = new Float64Array(0);
let taken = 0;

function takeRoom(): [waits: Float64Array, start: number] {
  if (taken * WAITING * STRIDE === rooms.length) {
    rooms = new Float64Array(ROOMS * WAITING * STRIDE);
    taken = 0;
  }
  return [rooms, taken++ * WAITING * STRIDE];
}

/** Reused by all streams: entering is synchronous. */
const batch = new TallyBatch(WAITING);
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
  /**
   * Ordinary readings that came last and are not entered yet. With ten thousand streams in turn each reading would
   * wait for all that is kept of its stream to come from memory; so some are entered at once, and all of them
   * whenever somebody looks or something changes.
   */
  #waiting = 0;
  /** The boot that they are of. */
  #boot = 0;
  /** Where they are, from `#room` on. */
  readonly #waits: Float64Array;
  readonly #room: number;
  #declaration: Declaration | undefined;
  /** By contract and birth. */
  #terms: Terms | undefined;
  /** Something is not kept yet. */
  changed = true;
  #reconcileAt: number | undefined;
  readonly #attention: Set<StreamMeter>;
  readonly stream: Stream;
  readonly name: string;
  readonly #clock: NodeClock;
  #since: number;
  #accounted = false;
  #promise: Promised = {};
  #undeclaredMs: number | undefined;
  /** The boot whose account was looked at, and with it those before. */
  #reconciledBoot: number | undefined;
  readonly #tally = new StreamTally();
  readonly #fresh = new FreshTime((kind, from, to) => this.#tally.time(kind, from, to));
  readonly #numbering = new Numbering((...missing) => this.#tally.missing(...missing));

  /** @param attention where this meter enters itself when the next tick should look at it */
  constructor(
    stream: Stream,
    name: string,
    { clock, attention, now }: { clock: NodeClock; attention: Set<StreamMeter>; now: number },
  ) {
    [this.#waits, this.#room] = takeRoom();
    this.#attention = attention;
    this.stream = stream;
    this.name = name;
    this.#clock = clock;
    this.#since = now;
  }

  /** A reading came for the first time, as far as the consumer knows. */
  arrived(arrived: ArrivedReading): void {
    const { reading, arrivedAt, clockOffsetMs } = arrived;
    const { boot } = reading;
    this.changed = true;
    const ordinary = arrived.accounted && !arrived.outOfOrder && reading.backfill !== true;
    const broken = this.#terms === undefined ? undefined : breaks(this.#terms, reading);
    if (!ordinary || broken !== undefined || reading.quality !== undefined) {
      this.#enterSpecial(arrived, broken);
      return;
    }
    if (boot !== this.#boot) {
      this.settle();
      this.#boot = boot;
    }
    const waits = this.#waits;
    const start = this.#room + this.#waiting * STRIDE;
    waits[start] = reading.seq;
    waits[start + 1] = reading.timestamp;
    waits[start + 2] = arrivedAt;
    waits[start + 3] = clockOffsetMs;
    if (++this.#waiting === WAITING) this.settle();
  }

  /** Enters what waits. */
  settle(): void {
    const n = this.#waiting;
    if (n === 0) return;
    this.#waiting = 0;
    this.#accounted = true;
    const waits = this.#waits;
    told.backfill = false;
    const end = this.#room + n * STRIDE;
    for (let start = this.#room; start < end; start += STRIDE) {
      told.timestamp = waits[start + 1] ?? 0;
      told.arrivedAt = waits[start + 2] ?? 0;
      told.offsetMs = waits[start + 3] ?? 0;
      const at = this.#enter(this.#boot, waits[start] ?? 0);
      if (at !== undefined) this.#fresh.good(at, told.arrivedAt);
    }
    this.#count();
  }

  /** Stored readings that are not in what was kept of this stream: their arrival is not known. */
  replayed(columns: SampleColumns, now: number): void {
    this.settle();
    const { unit, valueType, marks } = columns;
    let mark = 0;
    for (let index = 0; index < columns.length; index++) {
      const boot = columns.boot[index] ?? 0;
      const seq = columns.seq[index] ?? 0;
      let at = Math.round(Math.min(columns.at[index] ?? now, now));
      while ((marks[mark]?.index ?? Number.POSITIVE_INFINITY) < index) mark++;
      if (boot > 0) {
        const { known, after, before } = this.#numbering.place(boot, seq);
        if (known) continue;
        at = Math.min(now, before, Math.max(after, at));
        this.#accounted = true;
        if (this.#numbering.put(boot, seq, at)) this.reconcileFrom(now);
      }
      this.changed = true;
      batch.received(at, -1);
      this.#count();
      const value = columns.value[index] ?? Number.NaN;
      const typed = valueType === "boolean" ? value === 1 : value;
      const reading = { value: Number.isNaN(value) ? null : typed, unit };
      const broken = this.#terms === undefined ? undefined : breaks(this.#terms, reading);
      if (broken !== undefined) this.#tally.fault(broken, at);
      this.#judge(marks[mark]?.index === index ? (marks[mark] ?? {}) : {}, at, now);
    }
  }

  /** A delay that was not known when its reading came. */
  delay(at: number, delayMs: number): void {
    this.settle();
    this.changed = true;
    batch.timed(at, delayMs);
    this.#count();
  }

  /** What its birth says of it; `undefined`: it is not in the birth of its node, or that has none. */
  declare(declaration: Declaration | undefined, now: number): void {
    this.#declaration = declaration;
    this.#terms = termsOf(declaration, this.#promise.validity);
    this.#undeclaredMs = undefined;
    this.changed = true;
    this.#renewPromise(now);
  }

  promise(promise: Promised, now: number): void {
    this.settle(); // by the promise under which they came
    this.#promise = promise;
    this.#terms = termsOf(this.#declaration, promise.validity);
    this.changed = true;
    this.#renewPromise(now);
  }

  /** Of a stream without accounting: its own median interval, ms. */
  undeclared(medianIntervalMs: number | undefined, now: number): void {
    this.#undeclaredMs = Math.max(UNDECLARED_INTERVALS * (medianIntervalMs ?? 0), MIN_UNDECLARED_MS);
    this.#renewPromise(now);
  }

  /** One came again. */
  duplicate(at: number): void {
    this.changed = true;
    this.#tally.fault("duplicate", at);
  }

  /** Something is missing, or may be: the consumer's ledger is to be asked from this time on. */
  reconcileFrom(at: number): void {
    this.#reconcileAt = Math.min(this.#reconcileAt ?? at, at);
    this.#attention.add(this);
  }

  /** Whether it is to be asked by now; `undefined`: not at all. */
  reconcileIsDue(now: number): boolean | undefined {
    return this.#reconcileAt === undefined ? undefined : now >= this.#reconcileAt;
  }

  /** See {@link Numbering.reconcile}. */
  reconcile(missing: readonly BootMissing[], begun: (boot: number) => number | undefined, now: number): void {
    this.settle();
    this.#reconcileAt = undefined;
    this.#numbering.reconcile(missing, begun, now);
    this.#reconciledBoot = missing.at(-1)?.boot;
    this.#accounted = true;
    this.changed = true;
  }

  /** Whether stats that tell of this newest number tell nothing that is not known. */
  agrees(boot: number, lastSeq: number): boolean {
    const newest = this.#numbering.newest;
    if (this.#numbering.open || this.#reconciledBoot !== boot || newest?.boot !== boot) return false;
    // What waits is not entered for this: if there is a gap in it, that will ask the ledger by itself.
    const waiting = this.#boot === boot && this.#waiting > 0;
    const last = waiting ? (this.#waits[this.#room + (this.#waiting - 1) * STRIDE] ?? 0) : 0;
    return Math.max(newest.last, last) >= lastSeq;
  }

  /** Time that nobody watched, from what was watched last (or `from`) to `now`. */
  skip(from: number | undefined, now: number): void {
    this.settle();
    if (from !== undefined) this.#fresh.settle(from);
    this.#fresh.skip(now);
    this.changed = true;
  }

  /** See {@link FreshTime.doze}. */
  doze(): void {
    this.settle();
    this.#fresh.doze();
  }

  wake(now: number): void {
    this.settle();
    this.#fresh.wake(now);
    this.changed = true;
  }

  /** Our own clock was set back to `now`. */
  rewind(now: number): void {
    this.settle();
    this.#tally.rewind(now);
    this.#numbering.rewind(now);
    this.#since = Math.min(this.#since, now);
    this.skip(undefined, now);
  }

  /** Sums over a window up to `now`, of time up to `watched`. */
  counts(window: CountWindow, now: number, watched: number): MeasureCounts {
    this.settle();
    this.#fresh.settle(watched);
    return this.#tally.counts(window, now, this.#accounted);
  }

  freshness(now: number): { at: number | null; ageMs: number | null; withinMs: number; fresh: boolean } {
    this.settle();
    const at = this.#fresh.newestAt;
    return {
      at,
      ageMs: at === null ? null : Math.max(0, now - at),
      withinMs: this.#fresh.withinMs ?? 0,
      fresh: this.#fresh.fresh(now),
    };
  }

  quality(window: QualityWindow, now: number, watched: number): WindowQuality {
    this.settle();
    this.#fresh.settle(watched);
    const declared = this.#terms !== undefined;
    return this.#tally.quality(window, now, { accounted: this.#accounted, declared, since: this.#since });
  }

  get clock(): NodeClock {
    return this.#clock;
  }

  save(): StreamDocument {
    this.settle();
    return {
      v: 1,
      since: this.#since,
      accounted: this.#accounted,
      declaration: this.#declaration ?? null,
      promise: { ...this.#promise },
      fresh: this.#fresh.toJSON(),
      numbering: this.#numbering.toJSON(),
      ...this.#tally.save(),
    };
  }

  /** Fills a new meter with what {@link save} gave. @throws PackingError when that cannot be read */
  restore(document: StreamDocument): void {
    this.#tally.restore(document);
    this.#numbering.restore(document.numbering);
    this.#fresh.restore(document.fresh);
    this.#since = document.since;
    this.#accounted = document.accounted;
    this.#declaration = document.declaration ?? undefined;
    this.#promise = document.promise;
    this.#terms = termsOf(this.#declaration, this.#promise.validity);
  }

  /** One that is late, out of order, bad, not as declared, or without accounting. */
  #enterSpecial(
    { reading, accounted, outOfOrder, arrivedAt, clockOffsetMs }: ArrivedReading,
    broken: ReturnType<typeof breaks>,
  ): void {
    this.settle();
    this.#accounted = accounted;
    told.timestamp = reading.timestamp;
    told.arrivedAt = arrivedAt;
    told.offsetMs = clockOffsetMs;
    told.backfill = reading.backfill === true;
    if (!accounted) this.#attention.add(this);
    const at = accounted ? this.#enter(reading.boot, reading.seq) : this.#enterUnaccounted();
    this.#count();
    if (at === undefined) return;
    if (outOfOrder) this.#tally.fault("outOfOrder", arrivedAt);
    if (broken !== undefined) this.#tally.fault(broken, at);
    this.#judge(reading, at, arrivedAt);
  }

  /** Enters what is {@link told} and answers when it was read; `undefined` of a number that was counted before. */
  #enter(boot: number, seq: number): number | undefined {
    const { known, after, before } = this.#numbering.place(boot, seq);
    if (known) return undefined;
    told.after = after;
    told.before = before;
    told.measured = told.offsetMs !== 0 || this.#clock.measured;
    const at = readingTime(told);
    const { timestamp, arrivedAt } = told;
    if (this.#numbering.put(boot, seq, at)) this.reconcileFrom(arrivedAt);
    if (delayIsDoubtful(told, at)) {
      batch.received(at, -1);
      this.#clock.wait(this, timestamp, at, arrivedAt);
    } else {
      batch.received(at, Math.max(0, arrivedAt - (told.backfill ? at : timestamp - told.offsetMs)));
    }
    return at;
  }

  /** Who has no accounting has no clock that could be measured: there is no delay. */
  #enterUnaccounted(): number {
    told.after = Number.NEGATIVE_INFINITY;
    told.before = Number.POSITIVE_INFINITY;
    told.measured = false;
    const at = readingTime(told);
    batch.received(at, -1);
    return at;
  }

  #judge({ quality, reason }: Pick<Reading, "quality" | "reason">, at: number, arrivedAt: number): void {
    if (quality === undefined) this.#fresh.good(at, arrivedAt);
    else if (quality === "bad") this.#tally.bad(reason, at, arrivedAt);
  }

  #count(): void {
    // What waited is in order.
    if (batch.length > 0) this.#since = Math.min(this.#since, batch.at[0] ?? this.#since);
    this.#tally.add(batch, this.#promise.timelyWithinMs ?? Number.POSITIVE_INFINITY);
  }

  #renewPromise(now: number): void {
    const { freshWithinMs } = this.#promise;
    const declared = this.#declaration === undefined ? undefined : defaultPromiseMs(this.#declaration);
    const withinMs = freshWithinMs ?? declared ?? this.#undeclaredMs;
    if (withinMs === this.#fresh.withinMs) return;
    this.settle();
    this.#fresh.promise(withinMs, now);
    this.changed = true;
  }
}
