import type { AlarmEvent } from "./messages.js";
import type { LossEntry, QualityReport } from "./quality.js";

/**
 * What the historian answers over HTTP, under `/api/history` on its own port and behind the dashboard's origin.
 * Times are ms since the epoch, by the historian's clock (the nodes' errors taken out). Reads are ETagged;
 * errors are problem documents (RFC 9457) with `errors[]` naming field, value and what was expected.
 */

/** `GET /streams?domain=&node=&q=&after=&limit=`: an array, by name; `Link` has the next page. `GET /streams/{stream}`: one. */
export interface HistoryStream {
  stream: string;
  domain: string;
  node: string;
  sensor: string;
  label?: string;
  unit: string;
  valueType: "number" | "boolean";
  readings: number;
  /** Oldest and newest reading kept raw. */
  from: number | null;
  to: number | null;
  bytes: number;
  /** There where who asks may not read it: why not, and of which data product it is. */
  refused?: { reason: string; product: string; version?: string };
}

/** `GET /streams/{stream}/latest` */
export interface HistoryLatest {
  stream: string;
  at: number;
  timestamp: number;
  value: number | boolean | null;
  unit: string;
  quality?: "uncertain" | "bad";
  reason?: string;
  boot: number;
  seq: number;
}

export type HistoryLevel = "raw" | "minute" | "hour";

/**
 * `GET /streams/{stream}/readings?from=&to=&points=1..10000&mode=minmax|lttb|all&level=auto|raw|minute|hour`.
 * `from` and `to` are ms or ISO 8601. With `Accept: text/csv` or `application/x-ndjson` (or `format=csv|ndjson`)
 * the raw readings are streamed out instead.
 */
export interface HistoryReadings {
  stream: string;
  from: number;
  to: number;
  /** Which one was chosen. */
  level: HistoryLevel;
  /** Length of one row in ms; 0 when raw. Rollups that are too many are merged into longer rows by `mode=minmax`. */
  stepMs: number;
  unit: string;
  valueType: "number" | "boolean";
  /** Rows before they were thinned out. */
  rows: number;
  /** Whether they were. */
  thinned: boolean;
  /** Columns, ascending by time; of rollups `t` is the middle of the row and `v` its mean. */
  t: number[];
  /** Booleans as 0 and 1; `null` where there is no value (a break in the line). */
  v: (number | null)[];
  /** Of rollups only: the band. */
  min?: (number | null)[];
  max?: (number | null)[];
  /** Readings of quality bad within the range. */
  bad: number;
}

/**
 * `GET /events?stream=&domain=&node=&sensor=&rule=&state=&severity=&from=&to=&after=&limit=`: an array, newest
 * first; `Link` has the next page.
 */
export interface HistoryEvent {
  id: string;
  domain: string;
  stream: string;
  event: AlarmEvent;
  /** Time of the event, the node's clock error taken out. */
  at: number;
  arrivedAt: number;
}

/** `GET /streams/{stream}/gaps?from=&to=&after=&limit=` newest first. */
export interface HistoryGaps {
  stream: string;
  entries: LossEntry[];
  /** The identity per boot: `lastSeq - countedFrom + 1 = stored + dropped + held + unknown`. */
  account: {
    boot: number;
    countedFrom: number;
    read: number;
    suppressed: number;
    lastSeq: number;
    stored: number;
    dropped: number;
    held: number;
    unknown: number;
    /** Of `stored`: those that came late, and those that were asked for. */
    late: number;
    recovered: number;
  }[];
  /** Where the next page begins. */
  next?: string;
}

/** `GET /quality?domain=&node=&q=&after=&limit=`, by name; `GET /streams/{stream}/quality`, with one report. */
export interface HistoryQuality {
  measuredAt: number;
  reports: QualityReport[];
  /** Where the next page begins. */
  next?: string;
}

/** `GET /status`: what an operator wants to know of the historian. */
export interface HistoryStatus {
  version: string;
  /** `standby`: another instance writes; reads are answered by it. */
  role: "writer" | "standby";
  store: { engine: string; version: string; at: string; reachable: boolean; reason?: string };
  brokers: { url: string; connected: boolean }[];
  ingest: {
    received: number;
    stored: number;
    duplicates: number;
    /** Waiting in memory and in the spill on disk. */
    queued: number;
    spilled: number;
    spilledBytes: number;
    /** Given up because memory and spill were full: named in the gaps of their streams. */
    dropped: number;
    droppedBy: Record<string, number>;
  };
  sizes: Record<HistoryLevel, { rows: number; bytes: number }>;
  /** How long each level is kept, ms. */
  retention: Record<HistoryLevel, number>;
  events: number;
}

/** `POST /streams/{stream}/import` with `text/csv`: answers NDJSON, a line per step of progress; the last has `done`. */
export interface ImportProgress {
  rows: number;
  stored: number;
  duplicates: number;
  refused: number;
  /** The first 20 refused. */
  errors: { line: number; field: string; value: string; expected: string }[];
  done: boolean;
  /** Why it ended before its end; what is counted as stored is stored. */
  problem?: { code: string; detail: string };
}
