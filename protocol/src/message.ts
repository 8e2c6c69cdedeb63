import { parseLegacyEvent, parseLegacyReading } from "./legacy.js";
import type { Ack, AlarmEvent, Birth, Command, Reading, Reply, Stats, Status } from "./messages.js";
import type { Stream } from "./names.js";
import { accept, type Parsed, refuse, shown } from "./parsed.js";
import { decodeJson, isObject, MAX_PAYLOAD_BYTES } from "./payload.js";
import type { QualityReport } from "./quality.js";
import { parseReading } from "./reading.js";
import {
  ackSchema,
  birthSchema,
  commandSchema,
  eventSchema,
  qualitySchema,
  replySchema,
  statsSchema,
  statusSchema,
} from "./schemas.js";
import { parseTopic, type Topic } from "./topics.js";
import { parsedBy } from "./validated.js";

type TopicOf<K extends Topic["kind"]> = Extract<Topic, { kind: K }>;

/** A message of the wire, parsed. Where a payload may be `null`, its retained topic was emptied. */
export type Message =
  /** `accounted` is false for the forms without boot and seq of their own: they are in no ledger. */
  | { kind: "reading"; stream: Stream; reading: Reading; accounted: boolean }
  /** `legacyExpiresAt` is there for the older form, which nothing clears. */
  | { kind: "event"; stream: Stream; event: AlarmEvent; legacyExpiresAt?: number }
  | { kind: "event-removed"; stream: Stream; rule: string }
  | { kind: "birth"; domain: string; node: string; birth: Birth | null }
  | { kind: "status"; domain: string; node: string; status: Status | null }
  | { kind: "stats"; domain: string; node: string; stats: Stats | null }
  | { kind: "command"; domain: string; node: string; name: string; command: Command }
  | { kind: "reply"; domain: string; node: string; name: string; reply: Reply }
  | { kind: "ack"; stream: Stream; rule: string; ack: Ack | null }
  /** The state of a promise, published by the historian. */
  | { kind: "alarm"; streamName: string; rule: string; event: AlarmEvent | null }
  /** What the historian measured of a stream. */
  | { kind: "quality"; streamName: string; report: QualityReport | null }
  /** Other `mesh/…` topics: JSON as it came; `null` when removed. */
  | { kind: "mesh"; topic: Topic; json: unknown };

export interface MessageContext {
  /** Time of arrival, ms. */
  now: number;
  /** The retain flag of the PUBLISH: set when the broker sends what it kept. */
  retain: boolean;
}

/**
 * Parses whatever arrives: never throws. A retained reading, command, reply or older event is refused
 * ("retained"), because nobody can tell how old it is.
 */
export function parseMessage(topic: string, payload: Uint8Array, context: MessageContext): Parsed<Message> {
  const parsed = parseTopic(topic);
  return parsed.ok ? messageOf(parsed.value, payload, context) : parsed;
}

function messageOf(topic: Topic, payload: Uint8Array, context: MessageContext): Parsed<Message> {
  switch (topic.kind) {
    case "raw":
      return context.retain ? refuseRetained(topic.kind) : readingMessage(topic, payload, context.now);
    case "legacy-raw": {
      if (context.retain) return refuseRetained(topic.kind);
      const parsed = parseLegacyReading(topic, payload, context.now);
      return parsed.ok ? accept({ kind: "reading", ...parsed.value, accounted: false }) : parsed;
    }
    case "legacy-event": {
      if (context.retain) return refuseRetained(topic.kind);
      const parsed = parseLegacyEvent(topic, payload, context.now);
      if (!parsed.ok) return parsed;
      const { stream, event, expiresAt } = parsed.value;
      return accept({ kind: "event", stream, event, legacyExpiresAt: expiresAt });
    }
    case "event":
      return eventMessage(topic, payload);
    case "birth":
      return birthMessage(topic, payload);
    case "status": {
      const { domain, node } = topic;
      const status = removable(payload, MAX_PAYLOAD_BYTES.status, (json) =>
        parsedBy<Status>(statusSchema, json, "status"),
      );
      return status.ok ? accept({ kind: "status", domain, node, status: status.value }) : status;
    }
    case "stats": {
      const { domain, node } = topic;
      const stats = removable(payload, MAX_PAYLOAD_BYTES.stats, (json) =>
        parsedBy<Stats>(statsSchema, json, "stats"),
      );
      return stats.ok ? accept({ kind: "stats", domain, node, stats: stats.value }) : stats;
    }
    case "command":
      return context.retain ? refuseRetained(topic.kind) : commandMessage(topic, payload);
    case "reply":
      return context.retain ? refuseRetained(topic.kind) : replyMessage(topic, payload);
    case "ack": {
      const ack = removable(payload, MAX_PAYLOAD_BYTES.ack, (json) => parsedBy<Ack>(ackSchema, json, "ack"));
      if (!ack.ok) return ack;
      return accept({ kind: "ack", stream: streamOf(topic), rule: topic.rule, ack: ack.value });
    }
    case "alarm":
      return alarmMessage(topic, payload);
    case "quality": {
      const report = removable(payload, MAX_PAYLOAD_BYTES.quality, (json) =>
        parsedBy<QualityReport>(qualitySchema, json, "quality"),
      );
      if (!report.ok) return report;
      if (report.value !== null && report.value.stream !== topic.stream)
        return mismatch("stream", report.value.stream, topic.stream);
      return accept({ kind: "quality", streamName: topic.stream, report: report.value });
    }
    case "product":
    case "compliance": {
      const json = removable(payload, MAX_PAYLOAD_BYTES[topic.kind], (body) => accept(body));
      return json.ok ? accept({ kind: "mesh", topic, json: json.value }) : json;
    }
  }
}

function readingMessage(topic: TopicOf<"raw">, payload: Uint8Array, now: number): Parsed<Message> {
  const stream = streamOf(topic);
  const parsed = parseReading(stream, payload, now);
  if (!parsed.ok) return parsed;
  const reading = parsed.value;
  return { ok: true, value: { kind: "reading", stream, reading, accounted: reading.boot > 0 } };
}

function eventMessage(topic: TopicOf<"event">, payload: Uint8Array): Parsed<Message> {
  const stream = streamOf(topic);
  if (payload.byteLength === 0) return accept({ kind: "event-removed", stream, rule: topic.rule });
  const json = decodeJson(payload, MAX_PAYLOAD_BYTES.event);
  if (!json.ok) return json;
  const event = parsedBy<AlarmEvent>(eventSchema, json.value, "event");
  if (!event.ok) return event;
  for (const field of ["node", "sensor", "rule"] as const) {
    if (event.value[field] !== topic[field]) return mismatch(field, event.value[field], topic[field]);
  }
  return accept({ kind: "event", stream, event: event.value });
}

function birthMessage(topic: TopicOf<"birth" | "status" | "stats">, payload: Uint8Array): Parsed<Message> {
  const { domain, node } = topic;
  const birth = removable(payload, MAX_PAYLOAD_BYTES.birth, (json) =>
    parsedBy<Birth>(birthSchema, json, "birth"),
  );
  if (!birth.ok) return birth;
  if (birth.value !== null) {
    if (birth.value.node !== node) return mismatch("node", birth.value.node, node);
    if (birth.value.domain !== domain) return mismatch("domain", birth.value.domain, domain);
  }
  return accept({ kind: "birth", domain, node, birth: birth.value });
}

function commandMessage(topic: TopicOf<"command">, payload: Uint8Array): Parsed<Message> {
  const json = decodeJson(payload, MAX_PAYLOAD_BYTES.command);
  if (!json.ok) return json;
  // The topic names the command; a payload may leave the name out, as it may its arguments.
  const body = isObject(json.value) ? { name: topic.name, args: {}, ...json.value } : json.value;
  const command = parsedBy<Command>(commandSchema, body, "command");
  if (!command.ok) return command;
  if (command.value.name !== topic.name) return mismatch("name", command.value.name, topic.name);
  const { domain, node, name } = topic;
  return accept({ kind: "command", domain, node, name, command: command.value });
}

function replyMessage(topic: TopicOf<"reply">, payload: Uint8Array): Parsed<Message> {
  const json = decodeJson(payload, MAX_PAYLOAD_BYTES.reply);
  if (!json.ok) return json;
  const reply = parsedBy<Reply>(replySchema, json.value, "reply");
  if (!reply.ok) return reply;
  const { domain, node, name } = topic;
  return accept({ kind: "reply", domain, node, name, reply: reply.value });
}

function alarmMessage(topic: TopicOf<"alarm">, payload: Uint8Array): Parsed<Message> {
  const event = removable(payload, MAX_PAYLOAD_BYTES.alarm, (json) =>
    parsedBy<AlarmEvent>(eventSchema, json, "event"),
  );
  if (!event.ok) return event;
  if (event.value !== null && event.value.rule !== topic.rule)
    return mismatch("rule", event.value.rule, topic.rule);
  return accept({ kind: "alarm", streamName: topic.stream, rule: topic.rule, event: event.value });
}

/** An empty retained payload removes what was there. */
function removable<T>(
  payload: Uint8Array,
  maxBytes: number,
  parse: (json: unknown) => Parsed<T>,
): Parsed<T | null> {
  if (payload.byteLength === 0) return accept(null);
  const json = decodeJson(payload, maxBytes);
  return json.ok ? parse(json.value) : json;
}

function streamOf({ domain, node, sensor }: Stream): Stream {
  return { domain, node, sensor };
}

function mismatch(field: string, value: string, expected: string) {
  return refuse("mismatch", `${field} ${shown(value)}: its topic says "${expected}"`, field);
}

function refuseRetained(kind: string) {
  return refuse("retained", `a ${kind} message was retained: publish it without the retain flag`);
}
