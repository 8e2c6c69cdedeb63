import type { Quality, Reading } from "./messages.js";
import type { Stream } from "./names.js";
import { accept, type Parsed, refuse, shown } from "./parsed.js";
import { decodeJson, isObject, type JsonObject, MAX_PAYLOAD_BYTES } from "./payload.js";
import { isTime, legacyTime } from "./time.js";
import { classicUnit } from "./units.js";

const MAX_UNIT_CHARS = 32;
const MAX_REASON_CHARS = 500;

/**
 * Parses a reading of `stream`, the one thing that arrives thousands of times a second and therefore checked by
 * hand. Without `boot` and `seq`, and as a bare number or boolean, it is one of the forms without accounting:
 * its `boot` is 0, its `seq` the time in ms and its unit, unless it names one, that of the classic four.
 *
 * @param now time of arrival in ms, the time of a reading that tells none
 */
export function parseReading(stream: Stream, payload: Uint8Array, now: number): Parsed<Reading> {
  const json = decodeJson(payload, MAX_PAYLOAD_BYTES.raw);
  if (!json.ok) return json;
  const body = json.value;
  if (typeof body === "number" || typeof body === "boolean") return bareReading(stream, body, now);
  if (!isObject(body)) return refuse("field", `${shown(body)}: expected a reading, or a number`);

  const node = body["node"];
  if (node !== undefined && node !== stream.node) return mismatch("node", node, stream.node);
  const sensor = body["sensor"];
  if (sensor !== undefined && sensor !== stream.sensor) return mismatch("sensor", sensor, stream.sensor);

  const boot = body["boot"];
  const seq = body["seq"];
  if ((boot === undefined || boot === 0) && (seq === undefined || boot === 0)) {
    return unaccounted(stream, body, now);
  }
  if (!isCount(boot) || boot === 0) return wrong("boot", boot, "a whole number above 0");
  if (!isCount(seq) || seq === 0) return wrong("seq", seq, "a whole number from 1");
  const timestamp = body["timestamp"];
  if (!isTime(timestamp)) return wrong("timestamp", timestamp, "ms since the Unix epoch");
  const unit = body["unit"];
  if (typeof unit !== "string" || unit.length > MAX_UNIT_CHARS)
    return wrong("unit", unit, "a SenML unit as text");
  return measured(stream, body, { unit, timestamp: Math.trunc(timestamp), boot, seq });
}

interface Measured {
  unit: string;
  timestamp: number;
  boot: number;
  seq: number;
}

/** Value, quality and reason, which belong together. */
function measured(stream: Stream, body: JsonObject, rest: Measured): Parsed<Reading> {
  const quality = body["quality"];
  if (quality !== undefined && quality !== "good" && quality !== "uncertain" && quality !== "bad")
    return wrong("quality", quality, '"uncertain", "bad" or nothing');
  const value = body["value"];
  if (typeof value === "number") {
    // JSON has no infinity, but 1e999 is read as one.
    if (!Number.isFinite(value)) return wrong("value", String(value), "a finite number");
  } else if (value === null) {
    if (quality !== "bad")
      return wrong("value", value, 'a number or a boolean; null only with quality "bad"');
  } else if (typeof value !== "boolean") {
    return wrong("value", value, "a number or a boolean");
  }
  const reading: Reading = {
    node: stream.node,
    sensor: stream.sensor,
    value,
    unit: rest.unit,
    timestamp: rest.timestamp,
    boot: rest.boot,
    seq: rest.seq,
  };
  if (quality !== undefined && quality !== "good") reading.quality = quality satisfies Quality;
  const reason = body["reason"];
  if (reason !== undefined) {
    if (typeof reason !== "string") return wrong("reason", reason, "text");
    reading.reason = reason.length > MAX_REASON_CHARS ? reason.slice(0, MAX_REASON_CHARS) : reason;
  }
  const backfill = body["backfill"];
  if (backfill === true) reading.backfill = true;
  else if (backfill !== undefined && backfill !== false)
    return wrong("backfill", backfill, "true or nothing");
  return accept(reading);
}

/** A form without accounting: `{"value": 21.5}` and whatever else it tells. */
export function unaccounted(stream: Stream, body: JsonObject, now: number): Parsed<Reading> {
  const timestamp = legacyTime(body["timestamp"], now);
  if (timestamp === undefined)
    return wrong("timestamp", body["timestamp"], "ms since the Unix epoch, or ISO 8601");
  const unit = body["unit"] ?? classicUnit(stream.sensor);
  if (typeof unit !== "string" || unit.length > MAX_UNIT_CHARS)
    return wrong("unit", unit, "a SenML unit as text");
  return measured(stream, body, { unit, timestamp, boot: 0, seq: timestamp });
}

/** `mosquitto_pub -t env/desk/temperature/raw -m 21.5` */
export function bareReading(stream: Stream, value: number | boolean, now: number): Parsed<Reading> {
  if (typeof value === "number" && !Number.isFinite(value))
    return wrong("value", String(value), "a finite number");
  return accept({
    node: stream.node,
    sensor: stream.sensor,
    value,
    unit: classicUnit(stream.sensor),
    timestamp: now,
    boot: 0,
    seq: now,
  });
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function wrong(field: string, value: unknown, expected: string) {
  return value === undefined
    ? refuse("field", `${field} is missing: expected ${expected}`, field)
    : refuse("field", `${field} ${shown(value)}: expected ${expected}`, field);
}

function mismatch(field: string, value: unknown, expected: string) {
  return refuse("mismatch", `${field} ${shown(value)}: its topic says "${expected}"`, field);
}
