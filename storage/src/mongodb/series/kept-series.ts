import { BSON } from "mongodb";
import { comparePositions } from "../../samples/sample-order.js";
import type { Rollup, Sample } from "../../series.js";

/** Numbers as they are kept: not every server tells -0 from 0, so that it is a text. */
export type KeptNumber = number | "-0";
type KeptValue = KeptNumber | boolean | null;

interface KeptMark {
  index: number;
  quality: "uncertain" | "bad";
  reason?: string;
}

/** Readings side by side: index `i` of each list is one of them. */
export interface KeptReadings {
  at: number[];
  /** By the node's own clock. */
  timestamp: number[];
  value: KeptValue[];
  unit: string[];
  boot: number[];
  seq: number[];
  /** Of those that are not good. */
  marks: KeptMark[];
}

/**
 * Readings of a stream that are not in a block yet, one document for each append. Its number is taken once: of two
 * writers one is refused.
 */
export interface KeptTail extends KeptReadings {
  _id: string;
  stream: string;
  k: number;
  /** It holds what those before it have held, too: they do not count any more. */
  whole?: true;
}

export interface KeptRange {
  boot: number;
  from: number;
  to: number;
}

/**
 * What is known of a stream. What it does not name is not there: blocks from `next` on and those in `gone`, tails
 * before `firstTail`.
 */
export interface KeptStream {
  _id: string;
  /** One more at each write, which names the one it has read: of two writers one is refused. */
  version: number;
  /** In blocks, as are `bytes`, `from` and `to`. */
  readings: number;
  bytes: number;
  from: number | null;
  to: number | null;
  /** Number of the next block. */
  next: number;
  /** Numbers of blocks that do not count: pruned, or left by a write that was not finished. */
  gone: number[];
  firstTail: number;
  /**
   * Which numbers were ever stored, by boot, those in tails not all included; the lowest of them may have moved to
   * documents of their own.
   */
  stored: KeptRange[];
  /** The highest that has moved. */
  older: { boot: number; seq: number } | null;
  /** Of readings without accounting (boot 0): the newest, and spans of time that stand for pruned ones. */
  bare: { newest: number; spans: { from: number; to: number }[] } | null;
}

/** Up to 1,024 readings of one stream, by time. It is never changed. */
export interface KeptBlock {
  _id: string;
  stream: string;
  n: number;
  from: number;
  to: number;
  count: number;
  bytes: number;
  /** Least and greatest number of readings without accounting, where there are any. */
  bare?: { from: number; to: number };
  at: number[];
  /** Left out where it is the same as `at`. */
  timestamp?: number[];
  value: KeptValue[];
  /** One for all, where it is the same. */
  unit: string | string[];
  boot: number | number[];
  seq: number[];
  marks?: KeptMark[];
}

type KeptRow = { [field in keyof Rollup]: Rollup[field] extends number ? number : KeptNumber | null };

/** Rollups of an hour of minutes, or of a day of hours. */
export interface KeptRows {
  _id: string;
  version: number;
  stream: string;
  from: number;
  count: number;
  bytes: number;
  rows: KeptRow[];
}

/** Ranges that have moved out of a stream's document, which had too many. */
export interface KeptOlder {
  _id: string;
  stream: string;
  firstBoot: number;
  lastBoot: number;
  ranges: KeptRange[];
}

function keepNumber(value: number): KeptNumber {
  return Object.is(value, -0) ? "-0" : value;
}

function giveNumber(value: KeptNumber): number {
  return value === "-0" ? -0 : value;
}

function keepReadings(samples: readonly Sample[]): KeptReadings {
  const marks: KeptMark[] = [];
  for (const [index, { quality, reason }] of samples.entries()) {
    if (quality === undefined) continue;
    marks.push(reason === undefined ? { index, quality } : { index, quality, reason });
  }
  return {
    at: samples.map(({ at }) => at),
    timestamp: samples.map(({ timestamp }) => timestamp),
    value: samples.map(({ value }) => (typeof value === "number" ? keepNumber(value) : value)),
    unit: samples.map(({ unit }) => unit),
    boot: samples.map(({ boot }) => boot),
    seq: samples.map(({ seq }) => seq),
    marks,
  };
}

/** The readings of a tail or a block, as they were kept. */
export function giveReadings(kept: KeptReadings | KeptBlock): Sample[] {
  const { at, value, unit, boot, seq, timestamp = at, marks = [] } = kept;
  const samples = at.map((time, index): Sample => {
    const one = value[index] ?? null;
    return {
      boot: (typeof boot === "number" ? boot : boot[index]) ?? 0,
      seq: seq[index] ?? 0,
      at: time,
      timestamp: timestamp[index] ?? time,
      value: typeof one === "boolean" || one === null ? one : giveNumber(one),
      unit: (typeof unit === "string" ? unit : unit[index]) ?? "",
    };
  });
  for (const { index, quality, reason } of marks) {
    const sample = samples[index];
    if (sample === undefined) continue;
    sample.quality = quality;
    if (reason !== undefined) sample.reason = reason;
  }
  return samples;
}

export function keepTail(stream: string, k: number, samples: readonly Sample[], whole: boolean): KeptTail {
  const tail = { _id: tailId(stream, k), stream, k, ...keepReadings(samples) };
  return whole ? { ...tail, whole } : tail;
}

export function tailId(stream: string, k: number): string {
  return `${stream} ${k}`;
}

/** Of the tails of a stream those that count. */
export function liveTails<T extends Pick<KeptTail, "k" | "whole">>(
  tails: readonly T[],
  firstTail: number,
): T[] {
  const first = tails.reduce((k, tail) => (tail.whole === true ? Math.max(k, tail.k) : k), firstTail);
  return tails.filter(({ k }) => k >= first);
}

/** Their readings by time; one that two of them hold, as a write was cut off, once. */
export function tailReadings(tails: readonly KeptTail[], firstTail: number): Sample[] {
  const found = new Map<string, Sample>();
  for (const tail of liveTails(tails, firstTail)) {
    for (const sample of giveReadings(tail)) found.set(`${sample.boot} ${sample.seq}`, sample);
  }
  return sortSamples([...found.values()]);
}

export function sortSamples(samples: Sample[]): Sample[] {
  return samples.sort(comparePositions);
}

/** @param samples by time, at least one */
export function keepBlock(stream: string, n: number, samples: readonly Sample[]): KeptBlock {
  const { at, timestamp, value, unit, boot, seq, marks } = keepReadings(samples);
  const bare = seq.filter((_, index) => boot[index] === 0).sort((a, b) => a - b);
  const [first = 0] = bare;
  const block: KeptBlock = {
    _id: `${stream} ${n}`,
    stream,
    n,
    from: at[0] ?? 0,
    to: at.at(-1) ?? 0,
    count: at.length,
    bytes: 0,
    ...(bare.length === 0 ? {} : { bare: { from: first, to: bare.at(-1) ?? first } }),
    at,
    ...(timestamp.every((time, index) => time === at[index]) ? {} : { timestamp }),
    value,
    unit: oneForAll(unit),
    boot: oneForAll(boot),
    seq,
    ...(marks.length === 0 ? {} : { marks }),
  };
  return { ...block, bytes: BSON.calculateObjectSize(block) };
}

function oneForAll<T>(list: T[]): T | T[] {
  const [first] = list;
  return first !== undefined && list.every((one) => one === first) ? first : list;
}

const MEASURES = ["min", "max", "mean", "first", "last"] as const;

export function keepRow(row: Rollup): KeptRow {
  const kept: KeptRow = {
    at: row.at,
    count: row.count,
    min: null,
    max: null,
    mean: null,
    first: null,
    last: null,
    bad: row.bad,
  };
  for (const name of MEASURES) {
    const value = row[name];
    kept[name] = value === null ? null : keepNumber(value);
  }
  return kept;
}

export function giveRow(kept: KeptRow): Rollup {
  const row: Rollup = {
    at: kept.at,
    count: kept.count,
    min: null,
    max: null,
    mean: null,
    first: null,
    last: null,
    bad: kept.bad,
  };
  for (const name of MEASURES) {
    const value = kept[name];
    row[name] = value === null ? null : giveNumber(value);
  }
  return row;
}
