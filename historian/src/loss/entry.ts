import { randomUUID } from "node:crypto";
import { type LossEntry, type LossExplanation, RangeSet } from "@fieldmesh/protocol";

/** One gap while it is in memory: it may still grow, shrink or be explained anew. */
export interface Entry {
  readonly id: string;
  readonly boot: number;
  /** Empty where nothing was read: the node was down. */
  numbers: RangeSet;
  explanation: LossExplanation;
  cause?: string;
  /** When the first and the last were read, or are taken to have been, ms. */
  fromAt: number;
  /** `null` while it goes on. */
  toAt: number | null;
  open: boolean;
  came?: [first: number, last: number];
  /** It came, and the historian itself gave it up. */
  own?: true;
  /** Grows with each change… */
  revision: number;
  /** …up to which it is in the store… */
  written: number;
  /** …as this version of the document; 0 while it is not there. */
  version: number;
  /** When it was first noticed, and when it last changed, ms. */
  readonly begunAt: number;
  touchedAt: number;
}

export type NewEntry = Pick<Entry, "boot" | "explanation" | "fromAt" | "toAt" | "open"> & {
  numbers?: RangeSet;
  cause?: string;
  own?: true;
};

export function newEntry(fields: NewEntry, now: number): Entry {
  return {
    numbers: new RangeSet(),
    ...fields,
    id: randomUUID(),
    revision: 1,
    written: 0,
    version: 0,
    begunAt: now,
    touchedAt: now,
  };
}

/** To be called after each change, so that it is written. */
export function touch(entry: Entry, now: number): void {
  entry.revision++;
  entry.touchedAt = now;
}

export function sameWhy(
  a: { explanation: LossExplanation; cause?: string },
  b: { explanation: LossExplanation; cause?: string },
): boolean {
  return a.explanation === b.explanation && a.cause === b.cause;
}

/** An entry as it is kept: what is told of it, and what it is looked for by. */
export interface LossDocument {
  stream: string;
  boot: number;
  from: number;
  to: number;
  count: number;
  fromAt: number;
  toAt: number | null;
  /** `toAt`, or the end of time while there is none: what pruning goes by. */
  endAt: number;
  explanation: LossExplanation;
  cause?: string;
  open: boolean;
  came?: [number, number];
  own?: true;
  /** Not finished: read back at a start. Absent afterwards, which keeps the index small. */
  live?: true;
}

const END_OF_TIME = Number.MAX_SAFE_INTEGER;

export function documentOf(stream: string, entry: Entry, live: boolean): LossDocument {
  const { boot, numbers, explanation, cause, fromAt, toAt, open, came, own } = entry;
  return {
    stream,
    boot,
    from: numbers.min ?? 0,
    to: numbers.max ?? 0,
    count: numbers.count,
    fromAt,
    toAt,
    endAt: toAt ?? END_OF_TIME,
    explanation,
    ...(cause === undefined ? {} : { cause }),
    open,
    ...(came === undefined ? {} : { came }),
    ...(own === undefined ? {} : { own }),
    ...(live ? { live } : {}),
  };
}

/** @param apart of a folded entry, whose document tells only its ends: which numbers may be meant */
export function entryOf(id: string, version: number, document: LossDocument, apart: RangeSet): Entry {
  const { boot, from, to, count, fromAt, toAt, explanation, cause, open, came, own } = document;
  const whole = count === to - from + 1;
  return {
    id,
    boot,
    numbers: count === 0 ? new RangeSet() : whole ? RangeSet.of([[from, to]]) : apart.clip(from, to),
    explanation,
    ...(cause === undefined ? {} : { cause }),
    fromAt,
    toAt,
    open,
    ...(came === undefined ? {} : { came }),
    ...(own === undefined ? {} : { own }),
    revision: 1,
    written: 1,
    version,
    begunAt: fromAt,
    touchedAt: came?.[1] ?? toAt ?? fromAt,
  };
}

export function viewOf(id: string, document: LossDocument): LossEntry {
  const { stream, boot, from, to, count, fromAt, toAt, explanation, cause, open, came } = document;
  const told = { id, stream, boot, from, to, count, fromAt, toAt, explanation, open };
  return { ...told, ...(cause === undefined ? {} : { cause }), ...(came === undefined ? {} : { came }) };
}
