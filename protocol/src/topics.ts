import { type NameKind, parseName, type Stream } from "./names.js";
import { accept, type Parsed, refuse, shown } from "./parsed.js";

/** What a consumer of everything subscribes to for readings and alarms, the older forms included. */
export const CONSUMER_FILTERS = {
  readings: ["+/+/+/raw", "+/+/raw"],
  events: ["+/event/#", "mesh/alarm/+/+"],
  nodes: ["+/+/birth", "+/+/status", "+/+/stats"],
  acks: ["mesh/ack/+/+/+/+"],
  replies: ["+/+/cmd/+/reply"],
} as const;

/** The older simulation command of `greenhouse`, answered by legacy publishers only. */
export const LEGACY_SIMULATE_TOPIC = "greenhouse/control/simulate";

/** A topic of this wire, taken apart. `legacy-…` are the older forms that have no node level. */
export type Topic =
  | ({ kind: "raw" } & Stream)
  | ({ kind: "event"; rule: string } & Stream)
  | { kind: "birth" | "status" | "stats"; domain: string; node: string }
  | { kind: "command"; domain: string; node: string; name: string }
  | { kind: "reply"; domain: string; node: string; name: string }
  | { kind: "product" | "compliance"; id: string }
  | { kind: "quality"; stream: string }
  | { kind: "alarm"; stream: string; rule: string }
  | ({ kind: "ack"; rule: string } & Stream)
  | { kind: "legacy-raw"; domain: string; sensor: string }
  | { kind: "legacy-event"; domain: string; type: string };

/** Builds the topic string; the inverse of {@link parseTopic}. Names are taken as checked. */
export function buildTopic(topic: Topic): string {
  switch (topic.kind) {
    case "raw":
      return `${topic.domain}/${topic.node}/${topic.sensor}/raw`;
    case "event":
      return `${topic.domain}/event/${topic.node}/${topic.sensor}/${topic.rule}`;
    case "birth":
    case "status":
    case "stats":
      return `${topic.domain}/${topic.node}/${topic.kind}`;
    case "command":
      return `${topic.domain}/${topic.node}/cmd/${topic.name}`;
    case "reply":
      return `${topic.domain}/${topic.node}/cmd/${topic.name}/reply`;
    case "product":
    case "compliance":
      return `mesh/${topic.kind}/${topic.id}`;
    case "quality":
      return `mesh/quality/${topic.stream}`;
    case "alarm":
      return `mesh/alarm/${topic.stream}/${topic.rule}`;
    case "ack":
      return `mesh/ack/${topic.domain}/${topic.node}/${topic.sensor}/${topic.rule}`;
    case "legacy-raw":
      return `${topic.domain}/${topic.sensor}/raw`;
    case "legacy-event":
      return `${topic.domain}/event/${topic.type}`;
  }
}

/** Longest topic of this wire: five names, their separators and fixed levels, and a mesh id of 100. */
const MAX_TOPIC_CHARS = 256;
const PRODUCT_ID = /^[a-zA-Z0-9_-]{1,100}$/;
/** Older publishers wrote `air_quality`: such a level is read with "-" for "_". */
const LEGACY_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,31}$/;

function names(topic: Topic, ...levels: [NameKind, string | undefined][]): Parsed<Topic> {
  for (const [kind, value] of levels) {
    const name = parseName(kind, value);
    if (!name.ok) return name;
  }
  return accept(topic);
}

/** `_` becomes `-` and capitals become small: the older forms had no grammar of names. */
export function fitLegacyName(text: string): string {
  return text.toLowerCase().replaceAll("_", "-");
}

/**
 * Takes a topic apart. Names outside the grammar and reserved names are refused ("name", "reserved"); a topic
 * of no known form is refused as "topic".
 */
export function parseTopic(topic: string): Parsed<Topic> {
  if (topic.length > MAX_TOPIC_CHARS) {
    return refuse("topic", `topic of ${topic.length} characters: expected at most ${MAX_TOPIC_CHARS}`);
  }
  const levels = topic.split("/");
  const [a = "", b = "", c = "", d = "", e = ""] = levels;
  if (a === "mesh") return parseMeshTopic(topic, levels);
  if (b === "event") {
    if (levels.length === 5) {
      const value: Topic = { kind: "event", domain: a, node: c, sensor: d, rule: e };
      return names(value, ["domain", a], ["node", c], ["sensor", d], ["rule", e]);
    }
    if (levels.length === 3) {
      if (!LEGACY_NAME.test(c))
        return refuse("name", `event type ${shown(c)}: expected 1 to 32 of a-z, 0-9, "_" and "-"`);
      return names({ kind: "legacy-event", domain: a, type: c }, ["domain", a], ["rule", fitLegacyName(c)]);
    }
    return refuse("topic", `${shown(topic)}: expected {domain}/event/{node}/{sensor}/{rule}`);
  }
  switch (levels.length) {
    case 3:
      if (c === "birth" || c === "status" || c === "stats") {
        return names({ kind: c, domain: a, node: b }, ["domain", a], ["node", b]);
      }
      if (c === "raw") {
        if (!LEGACY_NAME.test(b))
          return refuse("name", `sensor ${shown(b)}: expected 1 to 32 of a-z, 0-9, "_" and "-"`);
        return names(
          { kind: "legacy-raw", domain: a, sensor: b },
          ["domain", a],
          ["sensor", fitLegacyName(b)],
        );
      }
      break;
    case 4:
      if (c === "cmd")
        return names(
          { kind: "command", domain: a, node: b, name: d },
          ["domain", a],
          ["node", b],
          ["rule", d],
        );
      if (d === "raw") {
        return names(
          { kind: "raw", domain: a, node: b, sensor: c },
          ["domain", a],
          ["node", b],
          ["sensor", c],
        );
      }
      break;
    case 5:
      if (c === "cmd" && e === "reply") {
        return names({ kind: "reply", domain: a, node: b, name: d }, ["domain", a], ["node", b], ["rule", d]);
      }
      break;
    default:
      break;
  }
  return refuse("topic", `${shown(topic)} is no topic of this wire`);
}

function parseMeshTopic(topic: string, levels: readonly string[]): Parsed<Topic> {
  const [, kind = "", b = "", c = "", d = "", e = ""] = levels;
  if ((kind === "product" || kind === "compliance") && levels.length === 3) {
    return PRODUCT_ID.test(b)
      ? accept({ kind, id: b })
      : refuse("name", `product id ${shown(b)}: expected 1 to 100 of a-z, A-Z, 0-9, "_" and "-"`);
  }
  if (kind === "quality" && levels.length === 3) {
    return PRODUCT_ID.test(b)
      ? accept({ kind, stream: b })
      : refuse("name", `stream ${shown(b)}: expected {domain}_{node}_{sensor}`);
  }
  if (kind === "alarm" && levels.length === 4) {
    if (!PRODUCT_ID.test(b)) return refuse("name", `stream ${shown(b)}: expected {domain}_{node}_{sensor}`);
    return names({ kind, stream: b, rule: c }, ["rule", c]);
  }
  if (kind === "ack" && levels.length === 6) {
    const value: Topic = { kind, domain: b, node: c, sensor: d, rule: e };
    // That a node itself is offline or silent is an alarm of no sensor: `node` stands in its place.
    const sensor: [NameKind, string][] = d === "node" ? [] : [["sensor", d]];
    return names(value, ["domain", b], ["node", c], ...sensor, ["rule", e]);
  }
  return refuse("topic", `${shown(topic)} is no topic of this wire`);
}
