import type { AlarmEvent, Reading } from "./messages.js";
import { parseName, type Stream } from "./names.js";
import { accept, type Parsed, refuse, shown } from "./parsed.js";
import { decodeJson, isObject, type JsonObject, MAX_PAYLOAD_BYTES } from "./payload.js";
import { bareReading, unaccounted } from "./reading.js";
import { legacyTime } from "./time.js";
import { fitLegacyName } from "./topics.js";
import { classicUnit } from "./units.js";

/** An older event says only that something is so: without a repeat it ends after this time, ms. */
const LEGACY_EVENT_EXPIRY_MS = 60_000;
/** The node of a payload that names none. */
const LEGACY_NODE = "legacy";
const MAX_MESSAGE_CHARS = 1_000;

export interface LegacyReading {
  stream: Stream;
  reading: Reading;
}

/**
 * The older `{domain}/{sensor}/raw`: a number, or `{"sensor", "value", "timestamp", "node"}`. Names are fitted
 * into the grammar (`air_quality` → `air-quality`); a sensor that disagrees with the topic is refused.
 */
export function parseLegacyReading(
  topic: { domain: string; sensor: string },
  payload: Uint8Array,
  now: number,
): Parsed<LegacyReading> {
  const json = decodeJson(payload, MAX_PAYLOAD_BYTES["legacy-raw"]);
  if (!json.ok) return json;
  const body = json.value;
  const sensor = fitLegacyName(topic.sensor);
  if (typeof body === "number" || typeof body === "boolean") {
    const stream = { domain: topic.domain, node: LEGACY_NODE, sensor };
    const reading = bareReading(stream, body, now);
    return reading.ok ? accept({ stream, reading: reading.value }) : reading;
  }
  if (!isObject(body)) return refuse("field", `${shown(body)}: expected a reading, or a number`);
  const node = legacyName("node", body["node"] ?? LEGACY_NODE);
  if (!node.ok) return node;
  const named = body["sensor"];
  if (named !== undefined && !(typeof named === "string" && fitLegacyName(named) === sensor)) {
    return refuse("mismatch", `sensor ${shown(named)}: its topic says "${sensor}"`, "sensor");
  }
  const stream = { domain: topic.domain, node: node.value, sensor };
  const reading = unaccounted(stream, body, now);
  return reading.ok ? accept({ stream, reading: reading.value }) : reading;
}

export interface LegacyEvent {
  stream: Stream;
  event: AlarmEvent;
  expiresAt: number;
}

/**
 * The older `{domain}/event/{type}` with `{"sensor", "value", "timestamp", "node", "event" or "event_type"}`: an
 * alarm whose rule is the type. Nothing ever clears it, so it expires after its last repeat.
 */
export function parseLegacyEvent(
  topic: { domain: string; type: string },
  payload: Uint8Array,
  now: number,
): Parsed<LegacyEvent> {
  const json = decodeJson(payload, MAX_PAYLOAD_BYTES["legacy-event"]);
  if (!json.ok) return json;
  const body = json.value;
  if (!isObject(body)) return refuse("field", `${shown(body)}: expected an event`);
  const node = legacyName("node", body["node"] ?? LEGACY_NODE);
  if (!node.ok) return node;
  const sensor = legacyName("sensor", body["sensor"]);
  if (!sensor.ok) return sensor;
  const value = body["value"] ?? null;
  const usable = value === null || typeof value === "boolean" || Number.isFinite(value);
  if (!usable)
    return refuse("field", `value ${shown(value)}: expected a number, a boolean or nothing`, "value");
  const timestamp = legacyTime(body["timestamp"], now);
  if (timestamp === undefined) {
    const detail = `timestamp ${shown(body["timestamp"])}: expected ms since the Unix epoch, or ISO 8601`;
    return refuse("field", detail, "timestamp");
  }
  const stream = { domain: topic.domain, node: node.value, sensor: sensor.value };
  const event: AlarmEvent = {
    node: stream.node,
    sensor: stream.sensor,
    rule: fitLegacyName(topic.type),
    state: "raised",
    severity: "warning",
    value: value as number | boolean | null,
    unit: classicUnit(stream.sensor),
    timestamp,
    since: timestamp,
    boot: 0,
    seq: timestamp,
    message: legacyMessage(body, topic.type),
  };
  return accept({ stream, event, expiresAt: now + LEGACY_EVENT_EXPIRY_MS });
}

function legacyName(kind: "node" | "sensor", value: unknown): Parsed<string> {
  return parseName(kind, typeof value === "string" ? fitLegacyName(value) : value);
}

function legacyMessage(body: JsonObject, type: string): string {
  for (const text of [body["event"], body["event_type"]]) {
    if (typeof text === "string" && text !== "") return text.slice(0, MAX_MESSAGE_CHARS);
  }
  return type;
}
