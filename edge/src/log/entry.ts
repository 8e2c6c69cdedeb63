import type { AlarmEvent, Quality, SeqRange } from "@fieldmesh/protocol";
import type { StateSnapshot } from "./state.js";

/** A reading as the log keeps it: the wire's Reading without the node, which is always the same. */
export interface LoggedReading {
  sensor: string;
  boot: number;
  seq: number;
  timestamp: number;
  value: number | boolean | null;
  unit: string;
  quality?: Quality;
  reason?: string;
}

/** What can be held and sent: readings by sensor, events by `{sensor}/{rule}`. */
export type ItemKind = "reading" | "event";

/** Names one reading or one event for ever. */
export interface ItemName {
  kind: ItemKind;
  /** The sensor, or `{sensor}/{rule}`. */
  key: string;
  boot: number;
  seq: number;
}

export type Item =
  | (ItemName & { kind: "reading"; reading: LoggedReading })
  | (ItemName & { kind: "event"; event: AlarmEvent });

/** What changed since the commit before, but for the readings and events themselves. */
export interface Commit {
  /** Log time and wall clock when it was written, ms. */
  clock: [logTime: number, wall: number];
  /** A new boot began. */
  boot?: { boot: number; at: number };
  /** Acknowledged by the broker. */
  acked?: [kind: ItemKind, key: string, boot: number, ranges: SeqRange[]][];
  /** Gone for good. */
  dropped?: [kind: ItemKind, key: string, boot: number, from: number, to: number, cause: string][];
  /** Times read without giving a reading, cumulative for the boot. */
  suppressed?: [sensor: string, boot: number, count: number][];
  /** Rules whose alarm is no more: they left the configuration. */
  retired?: string[];
}

export type Entry =
  | Item
  | { kind: "commit"; commit: Commit }
  | { kind: "snapshot"; state: StateSnapshot }
  /** An index, or of a later minor version: skipped. */
  | { kind: "other" };

export const READING = 1;
export const EVENT = 2;
export const COMMIT = 3;
export const SNAPSHOT = 4;
/** The end of a full segment: its index, and where that lies. */
export const INDEX = 5;
export const TRAILER = 6;

/** f64 boot, f64 seq, f64 timestamp, u8 length of the sensor's name. */
const READING_HEAD_BYTES = 25;

export function encodeReadingBody(r: LoggedReading): Buffer {
  const tail =
    r.quality === undefined
      ? JSON.stringify([r.value, r.unit])
      : JSON.stringify([r.value, r.unit, r.quality, r.reason ?? ""]);
  const body = Buffer.allocUnsafe(READING_HEAD_BYTES + r.sensor.length + Buffer.byteLength(tail));
  body.writeDoubleLE(r.boot, 0);
  body.writeDoubleLE(r.seq, 8);
  body.writeDoubleLE(r.timestamp, 16);
  body[24] = r.sensor.length; // a name of the wire: at most 32 of ASCII
  body.write(r.sensor, READING_HEAD_BYTES, "latin1");
  body.write(tail, READING_HEAD_BYTES + r.sensor.length, "utf8");
  return body;
}

/** The name alone, without parsing the rest: what a scan goes by. */
export function readingName(body: Buffer): ItemName & { kind: "reading" } {
  const end = READING_HEAD_BYTES + (body[24] ?? 0);
  return {
    kind: "reading",
    key: body.toString("latin1", READING_HEAD_BYTES, end),
    boot: body.readDoubleLE(0),
    seq: body.readDoubleLE(8),
  };
}

export function decodeReadingBody(body: Buffer): LoggedReading {
  const { key, boot, seq } = readingName(body);
  const [value, unit, quality, reason] = JSON.parse(
    body.toString("utf8", READING_HEAD_BYTES + key.length),
  ) as [number | boolean | null, string, Quality?, string?];
  const reading: LoggedReading = {
    sensor: key,
    boot,
    seq,
    timestamp: body.readDoubleLE(16),
    value,
    unit,
  };
  if (quality !== undefined) reading.quality = quality;
  if (reason !== undefined && reason !== "") reading.reason = reason;
  return reading;
}

export function ruleKey(sensor: string, rule: string): string {
  return `${sensor}/${rule}`;
}

export function eventItem(event: AlarmEvent): Item {
  return {
    kind: "event",
    key: ruleKey(event.sensor, event.rule),
    boot: event.boot,
    seq: event.seq,
    event,
  };
}

/** Decodes a record whose checksum was right. An index, or a kind of a later minor version, is "other". */
export function decodeEntry(kind: number, body: Buffer): Entry {
  switch (kind) {
    case READING: {
      const reading = decodeReadingBody(body);
      return { kind: "reading", key: reading.sensor, boot: reading.boot, seq: reading.seq, reading };
    }
    case EVENT:
      return eventItem(JSON.parse(body.toString("utf8")) as AlarmEvent);
    case COMMIT:
      return { kind: "commit", commit: JSON.parse(body.toString("utf8")) as Commit };
    case SNAPSHOT:
      return { kind: "snapshot", state: JSON.parse(body.toString("utf8")) as StateSnapshot };
    default:
      return { kind: "other" };
  }
}
