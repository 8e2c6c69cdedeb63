import type { SamplePosition } from "../../samples/sample-order.js";
import type { RollupLevel, Sample } from "../../series.js";

/** What is known of a stream without looking at its blocks: one small entry, written with each append. */
export interface StreamRecord {
  readonly stream: string;
  /** Stands for the name in keys; never used again. */
  readonly id: number;
  readings: number;
  /** Of blocks and tail, keys included. */
  bytes: number;
  /** `at` of the oldest. */
  from: number | null;
  /** The newest. */
  latest: Sample | null;
  /** End of the last block: what is later is in the tail, what is not belongs into a block. */
  sealed: SamplePosition | null;
  /** Entries `from` to before `next` hold the tail, those from `loose` on are of one append each. */
  tail: { from: number; loose: number; next: number; readings: number };
  /** Of readings without accounting: the newest number, and the least and the most that `at` is after it, ms. */
  bare: { newest: number; least: number; most: number } | null;
  /** Rows of rollups. */
  rows: Record<RollupLevel, number>;
}

const FORMAT = 1;

export function newRecord(stream: string, id: number): StreamRecord {
  return {
    stream,
    id,
    readings: 0,
    bytes: 0,
    from: null,
    latest: null,
    sealed: null,
    tail: { from: 0, loose: 0, next: 0, readings: 0 },
    bare: null,
    rows: { minute: 0, hour: 0 },
  };
}

export function encodeRecord(record: StreamRecord): string {
  const { latest } = record;
  // JSON has no -0.
  const negativeZero = latest !== null && Object.is(latest.value, -0);
  return JSON.stringify({ format: FORMAT, ...record, ...(negativeZero ? { negativeZero } : {}) });
}

/** @throws RangeError when it is of a later format. */
export function decodeRecord(text: string): StreamRecord {
  const { format, negativeZero, ...record } = JSON.parse(text) as StreamRecord & {
    format: number;
    negativeZero?: true;
  };
  if (format !== FORMAT)
    throw new RangeError(`stream ${record.stream} has format ${format}, from a later version`);
  if (negativeZero === true && record.latest !== null) record.latest.value = -0;
  return record;
}
