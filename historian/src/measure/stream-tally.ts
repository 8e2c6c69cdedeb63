import type { QualityWindow, WindowQuality } from "@fieldmesh/protocol";
import { BadReasons } from "./bad-reasons.js";
import type { StreamDocument } from "./measure-document.js";
import { Packer, Unpacker } from "./packing.js";
import { SlidingCounters } from "./sliding-counters.js";
import { SlidingHistogram } from "./sliding-histogram.js";
import { COUNT_TIERS, type CountWindow, DELAY_TIERS, TIER_OF } from "./tiers.js";

// Fields of the counters that every stream has. Readings are counted at the time when they were read.
const RECEIVED = 0;
const TIMED = 1;
const TIMELY = 2;
const MISSING = 3;
const OBSERVED = 4;
const FRESH = 5;
const COUNTS = 6;
// Of those that only faulty streams have. The last two are counted at their arrival.
const FAULTS = { unit: 0, type: 1, range: 2, duplicate: 3, outOfOrder: 4 } as const;
const FAULT_FIELDS = 5;
export type Fault = keyof typeof FAULTS;

const WAS_RECEIVED = 1 << RECEIVED;
const WAS_LATE = 1 << TIMED;
const WAS_TIMELY = (1 << TIMED) | (1 << TIMELY);
const PERCENTILES = [0.5, 0.95, 0.99];

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

/** Readings of one stream that are counted at once. */
export class TallyBatch {
  readonly at: Float64Array;
  /** Below 0 where it is not known. */
  readonly delayMs: Float64Array;
  readonly masks: Uint8Array;
  length = 0;

  constructor(size: number) {
    this.at = new Float64Array(size);
    this.delayMs = new Float64Array(size);
    this.masks = new Uint8Array(size);
  }

  received(at: number, delayMs: number): void {
    this.at[this.length] = at;
    this.delayMs[this.length] = delayMs;
    this.masks[this.length] = WAS_RECEIVED;
    this.length++;
  }

  /** The delay has become known of one that was received before. */
  timed(at: number, delayMs: number): void {
    this.received(at, delayMs);
    this.masks[this.length - 1] = 0;
  }
}

const sums = new Float64Array(COUNTS);
const faultSums = new Float64Array(FAULT_FIELDS);
const packer = new Packer();

/** What was counted of one stream, over all windows. */
export class StreamTally {
  readonly #counts = new SlidingCounters(COUNT_TIERS, COUNTS);
  readonly #faults = new SlidingCounters(COUNT_TIERS, FAULT_FIELDS);
  readonly #bad = new BadReasons();
  readonly #delays = new SlidingHistogram(DELAY_TIERS);

  /** Counts the batch and empties it. @param timelyMs how late one may come */
  add(batch: TallyBatch, timelyMs: number): void {
    const { at, delayMs, masks, length } = batch;
    for (let i = 0; i < length; i++) {
      const delay = delayMs[i] ?? -1;
      if (delay < 0) continue;
      masks[i] = (masks[i] ?? 0) | (delay <= timelyMs ? WAS_TIMELY : WAS_LATE);
      this.#delays.add(at[i] ?? 0, delay);
    }
    this.#counts.countAll(at, masks, length);
    batch.length = 0;
  }

  fault(fault: Fault, at: number, n = 1): void {
    this.#faults.add(at, FAULTS[fault], n);
  }

  bad(reason: string | undefined, at: number, now: number): void {
    this.#bad.add(reason, at, now);
  }

  time(kind: "observed" | "fresh", from: number, to: number): void {
    this.#counts.addTime(kind === "fresh" ? FRESH : OBSERVED, from, to);
  }

  missing(from: number, to: number, timeOf: (seq: number) => number, sign: 1 | -1): void {
    this.#counts.addNumbers(MISSING, from, to, timeOf, sign);
  }

  counts(window: CountWindow, now: number, accounted: boolean): MeasureCounts {
    this.#counts.sum(window, now, sums);
    this.#faults.sum(window, now, faultSums);
    const received = sums[RECEIVED] ?? 0;
    const invalid =
      (faultSums[FAULTS.unit] ?? 0) + (faultSums[FAULTS.type] ?? 0) + (faultSums[FAULTS.range] ?? 0);
    return {
      observedMs: sums[OBSERVED] ?? 0,
      freshMs: sums[FRESH] ?? 0,
      expected: accounted ? received + (sums[MISSING] ?? 0) : 0,
      received,
      valid: received - invalid,
      timely: sums[TIMELY] ?? 0,
      timed: sums[TIMED] ?? 0,
    };
  }

  /** @param is what it is, and since when it is known */
  quality(
    window: QualityWindow,
    now: number,
    is: { accounted: boolean; declared: boolean; since: number },
  ): WindowQuality {
    const tier = TIER_OF[window];
    const counted = { tier, slots: COUNT_TIERS[tier]?.slots ?? 0 };
    const { observedMs, freshMs, expected, received, valid } = this.counts(counted, now, is.accounted);
    const invalidBy: WindowQuality["invalidBy"] = {};
    for (const kind of ["unit", "type", "range"] as const) {
      const count = faultSums[FAULTS[kind]] ?? 0;
      if (count > 0) invalidBy[kind] = count;
    }
    const [p50, p95, p99] = this.#delays.quantiles(tier, now, PERCENTILES) ?? [];
    const timed = p50 !== undefined && p95 !== undefined && p99 !== undefined;
    const coveredMs = this.#counts.covered(counted, now, { since: is.since, time: OBSERVED, or: RECEIVED });
    return {
      observedMs,
      expected,
      received,
      completeness: is.accounted ? share(received, expected) : null,
      validity: is.declared ? share(valid, received) : null,
      invalidBy,
      availability: share(freshMs, observedMs),
      timeliness: timed ? { p50, p95, p99 } : null,
      rate: coveredMs > 0 ? received / (coveredMs / 1_000) : null,
      duplicates: faultSums[FAULTS.duplicate] ?? 0,
      outOfOrder: faultSums[FAULTS.outOfOrder] ?? 0,
      ...this.#bad.sum(counted, now),
    };
  }

  /** Our own clock was set back to `now`: what was counted for later is dropped. */
  rewind(now: number): void {
    for (const part of [this.#counts, this.#faults, this.#bad, this.#delays]) part.rewind(now);
  }

  save(): Pick<StreamDocument, "reasons" | "counts" | "faults" | "bad" | "delays"> {
    this.#faults.trim();
    this.#bad.trim();
    const packed = (part: { pack(into: Packer): void }) => {
      part.pack(packer);
      return packer.take();
    };
    return {
      reasons: [...this.#bad.reasons],
      counts: packed(this.#counts),
      faults: packed(this.#faults),
      bad: packed(this.#bad),
      delays: packed(this.#delays),
    };
  }

  /** Fills an empty tally with what {@link save} gave. @throws PackingError when that cannot be read */
  restore({ reasons, counts, faults, bad, delays }: ReturnType<StreamTally["save"]>): void {
    this.#counts.unpack(new Unpacker(counts));
    this.#faults.unpack(new Unpacker(faults));
    this.#bad.unpack(new Unpacker(bad), reasons);
    this.#delays.unpack(new Unpacker(delays));
  }
}

function share(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}
