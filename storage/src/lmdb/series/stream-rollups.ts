import { decodeRollups, encodeRollups, lastRollup } from "../../codec/rollup-group.js";
import { BlockError } from "../../errors.js";
import { type LevelSize, ROLLUP_MS, type Rollup, type RollupLevel } from "../../series.js";
import { addRows, makeRecord, readRecord, type SeriesDatabases, writeRecord } from "./series-databases.js";
import { partKey, partTime, type SeriesKey } from "./series-keys.js";
import type { StreamRecord } from "./stream-record.js";

/** Rows of 12 hours of minutes, 30 days of hours, are one value. */
const ROWS_PER_GROUP = 720;
/** Rows that were put one by one are kept apart until there are so many: only then is a group written again. */
const MAX_LOOSE = 64;
/** Groups that one transaction removes of a stream at most; they are decoded to be counted. */
const GROUPS_PER_PIECE = 64;
/** Parts of a stream in the database of a level. */
const GROUPS = 0;
const LOOSE = 1;

/** Rollups of one level, of one stream. Loose rows stand above those of the groups. */
export class StreamRollups {
  readonly #databases: SeriesDatabases;
  readonly #level: RollupLevel;
  readonly #record: StreamRecord;
  readonly #groupMs: number;

  constructor(databases: SeriesDatabases, level: RollupLevel, record: StreamRecord) {
    this.#databases = databases;
    this.#level = level;
    this.#record = record;
    this.#groupMs = ROWS_PER_GROUP * ROLLUP_MS[level];
  }

  get #rows() {
    return this.#databases.rollups[this.#level];
  }

  /** Within a transaction: puts rows, each in place of the one of its start. */
  put(rows: readonly Rollup[]): void {
    const byStart = new Map(rows.map((row) => [row.at, row]));
    let added = 0;
    if (byStart.size > MAX_LOOSE) {
      added = this.#fold(byStart);
    } else {
      for (const [at, row] of byStart) {
        if (!this.#has(at)) added += 1;
        void this.#rows.put(this.#key(LOOSE, at), encodeRollups(this.#level, [row], false));
      }
      // Streams that began together fold at different times.
      const loose = this.#rows.getKeysCount(this.#range(LOOSE));
      if (loose > MAX_LOOSE + (this.#record.id % MAX_LOOSE)) this.#fold(new Map());
    }
    this.#record.rows[this.#level] += added;
    addRows(this.#databases, this.#level, added);
  }

  /** Ascending; `from` inclusive, `to` exclusive. @throws BlockError. */
  read(from: number, to: number): Rollup[] {
    const found = new Map<number, Rollup>();
    const within = (row: Rollup) => row.at >= from && row.at < to;
    const groups = { start: this.#key(GROUPS, this.#groupOf(from)), end: this.#key(GROUPS, to) };
    for (const { key, value } of this.#rows.getRange(groups)) {
      for (const row of this.#decode(key, value)) if (within(row)) found.set(row.at, row);
    }
    for (const { key, value } of this.#rows.getRange({
      start: this.#key(LOOSE, from),
      end: this.#key(LOOSE, to),
    })) {
      for (const row of this.#decode(key, value)) found.set(row.at, row);
    }
    return [...found.values()].sort((a, b) => a.at - b.at);
  }

  /** Within a transaction: removes groups of which all is older, and the loose rows of their time. */
  prune(before: number): LevelSize & { more: boolean } {
    const removed = { rows: 0, bytes: 0 };
    const end = this.#groupOf(before);
    const groups = Array.from(this.#rows.getRange({ ...this.#range(GROUPS, end), limit: GROUPS_PER_PIECE }));
    const more = groups.length === GROUPS_PER_PIECE;
    const starts = new Set<number>();
    for (const { key, value } of groups) {
      for (const row of this.#decodeOrNone(key, value)) starts.add(row.at);
      removed.bytes += key.length + value.length;
      void this.#rows.remove(key);
    }
    const looseEnd = more ? partTime(groups.at(-1)?.key ?? this.#key(GROUPS, end)) + this.#groupMs : end;
    for (const { key, value } of Array.from(this.#rows.getRange(this.#range(LOOSE, looseEnd)))) {
      starts.add(partTime(key));
      removed.bytes += key.length + value.length;
      void this.#rows.remove(key);
    }
    removed.rows = Math.min(starts.size, this.#record.rows[this.#level]);
    this.#record.rows[this.#level] -= removed.rows;
    addRows(this.#databases, this.#level, -removed.rows);
    return { ...removed, more };
  }

  /** Within a transaction: makes groups of the loose rows and these; answers how many starts are new. */
  #fold(rows: ReadonlyMap<number, Rollup>): number {
    const groups = new Map<number, Map<number, Rollup>>();
    const groupOf = (at: number) => {
      const start = this.#groupOf(at);
      let group = groups.get(start);
      if (group === undefined) {
        const key = this.#key(GROUPS, start);
        group = new Map(this.#decodeOrNone(key, this.#rows.get(key)).map((row) => [row.at, row]));
        groups.set(start, group);
      }
      return group;
    };
    for (const { key, value } of Array.from(this.#rows.getRange(this.#range(LOOSE)))) {
      for (const row of this.#decodeOrNone(key, value)) groupOf(row.at).set(row.at, row);
      void this.#rows.remove(key);
    }
    let added = 0;
    for (const [at, row] of rows) {
      const group = groupOf(at);
      if (!group.has(at)) added += 1;
      group.set(at, row);
    }
    for (const [start, group] of groups) {
      const sorted = [...group.values()].sort((a, b) => a.at - b.at);
      void this.#rows.put(this.#key(GROUPS, start), encodeRollups(this.#level, sorted, true));
    }
    return added;
  }

  #has(at: number): boolean {
    if (this.#rows.doesExist(this.#key(LOOSE, at))) return true;
    const key = this.#key(GROUPS, this.#groupOf(at));
    const group = this.#rows.get(key);
    // The present row is later than those of its group.
    if (group === undefined || this.#isAfter(group, at)) return false;
    return this.#decodeOrNone(key, group).some((row) => row.at === at);
  }

  #isAfter(group: Buffer, at: number): boolean {
    try {
      return lastRollup(group) < at;
    } catch {
      return true;
    }
  }

  #groupOf(at: number): number {
    return Math.floor(at / this.#groupMs) * this.#groupMs;
  }

  #key(part: number, at: number): SeriesKey {
    return partKey(this.#record.id, part, at);
  }

  #range(part: number, end = Number.POSITIVE_INFINITY): { start: SeriesKey; end: SeriesKey } {
    return { start: this.#key(part, Number.NEGATIVE_INFINITY), end: this.#key(part, end) };
  }

  #decode(key: SeriesKey, value: Buffer): Rollup[] {
    try {
      return decodeRollups(this.#level, value);
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      throw new BlockError(this.#record.stream, `block of ${this.#level}s`, partTime(key), cause);
    }
  }

  /** Rows that cannot be read are made again from others when they are written over. */
  #decodeOrNone(key: SeriesKey, value: Buffer | undefined): Rollup[] {
    if (value === undefined) return [];
    try {
      return this.#decode(key, value);
    } catch {
      return [];
    }
  }
}

/** Within a transaction. */
export function putStreamRollups(
  databases: SeriesDatabases,
  level: RollupLevel,
  stream: string,
  rows: readonly Rollup[],
): void {
  if (rows.length === 0) return;
  const record = readRecord(databases, stream) ?? makeRecord(databases, stream);
  new StreamRollups(databases, level, record).put(rows);
  writeRecord(databases, record);
}

/** Within a transaction: a bounded piece. */
export function pruneStreamRollups(
  databases: SeriesDatabases,
  level: RollupLevel,
  stream: string,
  before: number,
): LevelSize & { more: boolean } {
  const record = readRecord(databases, stream);
  if (record === undefined || record.rows[level] === 0) return { rows: 0, bytes: 0, more: false };
  const removed = new StreamRollups(databases, level, record).prune(before);
  if (removed.rows > 0) writeRecord(databases, record);
  return removed;
}
