import { parseStreamName, type QualityReport, type Stream, streamName } from "@fieldmesh/protocol";
import type { ArrivedReading, ConsumerNode, ConsumerStream, NodeChange } from "@fieldmesh/runtime";
import type { SampleColumns } from "@fieldmesh/storage";
import { declarationOf } from "./declaration.js";
import type { Promised, StreamDocument } from "./measure-document.js";
import type { MeasureLimits, Measurement, MeasurementOptions } from "./measurement-face.js";
import { MeterStore } from "./meter-store.js";
import { NodeClock } from "./node-clock.js";
import { PackingError } from "./packing.js";
import { StreamMeter } from "./stream-meter.js";
import type { MeasureCounts } from "./stream-tally.js";
import { COUNT_WINDOWS } from "./tiers.js";

export { MEASURE_INDEXES, type MeasureDocument } from "./measure-document.js";
export type { Measurement } from "./measurement-face.js";
export type { MeasureCounts } from "./stream-tally.js";

/** What a node's stats tell of numbers that have not come is believed after this: they may be on their way, ms. */
const GRACE_MS = 2_000;
/** Without a tick for so long this process stood still, or its clock was set: that time was not watched, ms. */
const AWAY_MS = 30_000;
/**
 * A historian that (re)starts or was suspended connects and hears of its streams within this, ms: it does not watch
 * those that it has heard nothing of yet.
 */
const WAKE_MS = 10_000;
/** A clock that is set back by less is one that was corrected: time stands still until it has caught up, ms. */
const REWIND_MS = 5_000;

const DEFAULT_LIMITS: MeasureLimits = { streams: 50_000 };

/** Creates the meters. Nothing is read before `restore()`. */
export function createMeasurement(options: MeasurementOptions): Measurement {
  return new Meters(options);
}

/** What the streams of one node share. */
interface MeteredNode {
  readonly domain: string;
  readonly node: string;
  readonly clock: NodeClock;
  /** By sensor. */
  readonly meters: Map<string, StreamMeter>;
}

class Meters implements Measurement {
  readonly #options: MeasurementOptions;
  readonly #limits: MeasureLimits;
  readonly #store: MeterStore;
  readonly #meters = new Map<string, StreamMeter>();
  /** By `{domain}/{node}`. */
  readonly #nodes = new Map<string, MeteredNode>();
  readonly #promises = new Map<string, Promised>();
  /** To be looked at by the next tick. */
  readonly #attention = new Set<StreamMeter>();
  /** Until then streams of which nothing came yet are not watched. */
  #wakeAt: number | undefined;
  readonly #forgotten = new Set<string>();
  /** The latest time seen; -Infinity before the first. */
  #now = Number.NEGATIVE_INFINITY;
  #flushing: Promise<void> = Promise.resolve();
  #refused = false;

  constructor(options: MeasurementOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#store = new MeterStore(options.collection);
  }

  async restore(): Promise<void> {
    const { clock, log } = this.#options;
    const kept: [Stream, string, StreamDocument][] = [];
    let until: number | undefined;
    for await (const { id, document } of this.#store.read()) {
      if ("until" in document) until = document.until;
      else {
        const stream = parseStreamName(id);
        if (stream.ok) kept.push([stream.value, id, document]);
        else log.error({ document: id }, "a kept measurement is of no stream and is left alone");
      }
    }
    const now = clock.now();
    this.#meters.clear();
    this.#nodes.clear();
    this.#attention.clear();
    for (const [stream, name, document] of kept) {
      const node = this.#nodeOf(stream);
      const meter = new StreamMeter(stream, name, { ...node, attention: this.#attention, now });
      try {
        meter.restore(document);
      } catch (error) {
        if (!(error instanceof PackingError)) throw error;
        log.error({ stream: name, err: error }, "a kept measurement cannot be read: begun anew");
        continue;
      }
      if (until !== undefined && until > now) meter.rewind(now);
      else meter.skip(until, now);
      meter.reconcileFrom(now + GRACE_MS);
      this.#meters.set(name, meter);
      node.meters.set(stream.sensor, meter);
    }
    this.#now = now;
    this.#dozeAll(now);
  }

  arrived(arrived: ArrivedReading): void {
    this.#moveTo(arrived.arrivedAt);
    const meter =
      this.#meters.get(arrived.name) ?? this.#begin(arrived.stream, arrived.name, arrived.arrivedAt);
    meter?.arrived(arrived);
  }

  duplicate(stream: string, at: number): void {
    this.#moveTo(at);
    this.#meters.get(stream)?.duplicate(at);
  }

  replayed(stream: string, columns: SampleColumns): void {
    const parsed = parseStreamName(stream);
    if (!parsed.ok) return;
    const now = this.#options.clock.now();
    (this.#meters.get(stream) ?? this.#begin(parsed.value, stream, now))?.replayed(columns, now);
  }

  node(node: ConsumerNode, change: NodeChange): void {
    const now = this.#options.clock.now();
    this.#moveTo(now);
    switch (change) {
      case "birth":
        this.#declare(node, now);
        return;
      case "offset":
        if (node.clockOffset !== undefined) this.#measureClock(this.#nodeOf(node), node.clockOffset.offsetMs);
        return;
      case "stats":
        this.#hearStats(node, now);
        return;
      case "removed":
        for (const meter of this.#nodeOf(node).meters.values()) this.forget(meter.name);
        this.#nodes.delete(`${node.domain}/${node.node}`);
        return;
      case "seen":
      case "status":
      case "presence":
        return;
    }
  }

  promise(stream: string, promise: Promised): void {
    if (this.#promises.size < this.#limits.streams || this.#promises.has(stream)) {
      this.#promises.set(stream, promise);
    }
    this.#meters.get(stream)?.promise(promise, this.#options.clock.now());
  }

  tick(now: number): void {
    this.#moveTo(now);
    const consumer = this.#options.consumer();
    if (this.#wakeAt !== undefined && now >= this.#wakeAt) this.#wakeAll(now);
    for (const { clock } of this.#nodes.values()) clock.tick(now);
    for (const meter of this.#attention) {
      const due = meter.reconcileIsDue(now);
      if (due === false) continue;
      this.#attention.delete(meter);
      const known = consumer.stream(meter.stream);
      if (known === undefined) continue;
      if (!known.accounted) meter.undeclared(known.medianIntervalMs, now);
      else if (due === true) this.#reconcile(meter, known, now);
    }
  }

  counts(stream: string, lastMs: number): MeasureCounts {
    const window = COUNT_WINDOWS.get(lastMs);
    if (window === undefined) {
      const lengths = [...COUNT_WINDOWS.keys()].join(", ");
      throw new RangeError(`a window of ${lastMs} ms: expected one of ${lengths}`);
    }
    const meter = this.#meters.get(stream);
    if (meter !== undefined) {
      const now = this.#options.clock.now();
      return meter.counts(window, now, this.#watchedTo(now));
    }
    return { observedMs: 0, freshMs: 0, expected: 0, received: 0, valid: 0, timely: 0, timed: 0 };
  }

  report(stream: string, now: number): Omit<QualityReport, "objectives" | "configuration"> | undefined {
    const meter = this.#meters.get(stream);
    if (meter === undefined) return undefined;
    const watched = this.#watchedTo(now);
    return {
      stream,
      timestamp: now,
      freshness: meter.freshness(now),
      clock: meter.clock.report,
      windows: {
        "1m": meter.quality("1m", now, watched),
        "1h": meter.quality("1h", now, watched),
        "24h": meter.quality("24h", now, watched),
        "30d": meter.quality("30d", now, watched),
      },
    };
  }

  streams(): Iterable<string> {
    return this.#meters.keys();
  }

  flush(): Promise<void> {
    // One at a time, also when the one before failed: its failure was told to whoever called it.
    this.#flushing = this.#flushing.then(
      () => this.#flush(),
      () => this.#flush(),
    );
    return this.#flushing;
  }

  forget(stream: string): void {
    const meter = this.#meters.get(stream);
    if (meter === undefined) return;
    this.#meters.delete(stream);
    this.#attention.delete(meter);
    this.#nodeOf(meter.stream).meters.delete(meter.stream.sensor);
    this.#forgotten.add(stream);
  }

  async #flush(): Promise<void> {
    const until = this.#options.clock.now();
    for (const stream of this.#forgotten) {
      if (!this.#meters.has(stream)) await this.#store.delete(stream);
      this.#forgotten.delete(stream);
    }
    await this.#store.write(
      [...this.#meters.values()].filter(({ changed }) => changed),
      (meter) => {
        meter.changed = false;
        return { id: meter.name, document: meter.save() };
      },
      (meter) => {
        meter.changed = true;
      },
    );
    // Last: it speaks for those that did not change, and what did change is written by now.
    await this.#store.watched(until);
  }

  /** Until when time counts as watched: not beyond a pause, as of a standby that does not listen. */
  #watchedTo(now: number): number {
    return now - this.#now > AWAY_MS ? this.#now : now;
  }

  /** Looks at our own clock: whether it went on as it should. */
  #moveTo(now: number): void {
    const passedMs = now - this.#now;
    if (passedMs === 0) return;
    if (passedMs > AWAY_MS && this.#now !== Number.NEGATIVE_INFINITY) this.#skip(this.#now, now);
    else if (passedMs < -REWIND_MS) this.#rewind(now);
    else if (passedMs > 0) this.#now = now;
  }

  #skip(before: number, now: number): void {
    this.#options.log.warn(
      { forMs: now - before },
      "not watched: this process stood still, or its clock was set",
    );
    for (const meter of this.#meters.values()) meter.skip(before, now);
    this.#now = now;
    this.#dozeAll(now);
  }

  #dozeAll(now: number): void {
    this.#wakeAt = now + WAKE_MS;
    for (const meter of this.#meters.values()) meter.doze();
  }

  #wakeAll(now: number): void {
    this.#wakeAt = undefined;
    for (const meter of this.#meters.values()) meter.wake(now);
  }

  #rewind(now: number): void {
    this.#options.log.warn(
      { byMs: this.#now - now },
      "this machine's clock was set back: what was measured for later is dropped",
    );
    for (const meter of this.#meters.values()) meter.rewind(now);
    this.#now = now;
  }

  #begin(stream: Stream, name: string, now: number): StreamMeter | undefined {
    if (this.#meters.size >= this.#limits.streams) {
      if (!this.#refused) {
        this.#options.log.error({ limit: this.#limits.streams, stream: name }, "too many streams to measure");
      }
      this.#refused = true;
      return undefined;
    }
    const node = this.#nodeOf(stream);
    const meter = new StreamMeter(stream, name, { ...node, attention: this.#attention, now });
    const promise = this.#promises.get(name);
    if (promise !== undefined) meter.promise(promise, now);
    this.#meters.set(name, meter);
    node.meters.set(stream.sensor, meter);
    return meter;
  }

  /** A sensor that is no longer in the birth of its node promises nothing more. */
  #declare({ domain, node, birth }: ConsumerNode, now: number): void {
    if (birth === null) return;
    const declared = new Set(birth.sensors.map(({ id }) => id));
    for (const [sensor, meter] of this.#nodeOf({ domain, node }).meters) {
      if (!declared.has(sensor)) meter.declare(undefined, now);
    }
    for (const sensor of birth.sensors) {
      const stream = { domain, node, sensor: sensor.id };
      const name = streamName(stream);
      (this.#meters.get(name) ?? this.#begin(stream, name, now))?.declare(declarationOf(sensor), now);
    }
  }

  #reconcile(meter: StreamMeter, { ledger }: ConsumerStream, now: number): void {
    const { domain, node } = meter.stream;
    const birth = this.#options.consumer().node(domain, node)?.birth;
    const offsetMs = meter.clock.offsetMs ?? 0;
    const begun = (boot: number) => (birth?.boot === boot ? birth.startedAt - offsetMs : undefined);
    meter.reconcile(ledger.missing(), begun, now);
  }

  #measureClock({ clock, meters }: MeteredNode, offsetMs: number): void {
    // What came before is judged by what was known then, and waits for exactly this.
    for (const meter of meters.values()) meter.settle();
    clock.measure(offsetMs);
  }

  #hearStats({ domain, node, stats }: ConsumerNode, now: number): void {
    if (stats === null) return;
    const { meters } = this.#nodeOf({ domain, node });
    for (const [sensor, { lastSeq }] of Object.entries(stats.sensors)) {
      const meter = meters.get(sensor);
      if (meter !== undefined && !meter.agrees(stats.boot, lastSeq)) meter.reconcileFrom(now + GRACE_MS);
    }
  }

  #nodeOf({ domain, node }: { domain: string; node: string }): MeteredNode {
    const key = `${domain}/${node}`;
    let known = this.#nodes.get(key);
    if (known === undefined) {
      known = { domain, node, clock: new NodeClock(), meters: new Map() };
      this.#nodes.set(key, known);
    }
    return known;
  }
}
