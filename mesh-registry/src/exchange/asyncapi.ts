import type { JsonSchema, SchemaObject } from "../compatibility/schema.js";
import { asObject, isRecord } from "../compatibility/schema.js";
import type { Contract } from "./odcs.js";

/** Protocols as AsyncAPI names them. */
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ["mqtt:", "mqtt"],
  ["mqtts:", "secure-mqtt"],
  ["ws:", "ws"],
  ["wss:", "wss"],
]);

/**
 * Describes the streams of a product as AsyncAPI 3.0: a channel for each of its MQTT ports, on which the product
 * sends. A level that a topic filter leaves open is a parameter of the channel. `brokers` are addresses, as
 * `mqtt://broker.local:1883`; others than of MQTT and WebSocket are left out.
 */
export function toAsyncApi(
  { product, version }: Contract,
  brokers: readonly string[],
): Record<string, unknown> {
  const ports = product.outputPorts.flatMap((port) => (port.kind === "mqtt" ? [port] : []));
  const ref = (...path: string[]) => ({ $ref: `#/${path.join("/")}` });
  return {
    asyncapi: "3.0.0",
    info: {
      title: product.id,
      version: version?.version ?? "0.0.0",
      description: product.description,
      tags: product.tags.map((name) => ({ name })),
      "x-domain": product.domain,
      "x-owner": product.owner,
      "x-status": product.status,
    },
    defaultContentType: "application/json",
    servers: Object.fromEntries(brokers.flatMap((address, i) => serverOf(address, i))),
    channels: Object.fromEntries(
      ports.map(({ name, topicFilter }) => [
        name,
        { ...addressOf(topicFilter), messages: { reading: ref("components", "messages", "reading") } },
      ]),
    ),
    operations: Object.fromEntries(
      ports.map(({ name }) => [
        `send_${name}`,
        {
          action: "send",
          channel: ref("channels", name),
          messages: [ref("channels", name, "messages", "reading")],
          bindings: { mqtt: { qos: 1, retain: false, bindingVersion: "0.2.0" } },
        },
      ]),
    ),
    components: { messages: { reading: { name: "reading", ...payloadOf(version?.schema ?? true) } } },
  };
}

function serverOf(address: string, i: number): [string, Record<string, unknown>][] {
  if (!URL.canParse(address)) return [];
  const { host, protocol, pathname } = new URL(address);
  const named = PROTOCOLS.get(protocol);
  if (named === undefined || host === "") return [];
  const path = named.startsWith("ws") && pathname !== "/" ? { pathname } : {};
  return [[`broker${i + 1}`, { host, protocol: named, ...path, protocolVersion: "3.1.1" }]];
}

/** `env/+/temperature/#` is `env/{level2}/temperature/{rest}`. */
function addressOf(topicFilter: string): Record<string, unknown> {
  const parameters: Record<string, { description: string }> = {};
  const levels = topicFilter.split("/").map((level, i) => {
    if (level !== "+" && level !== "#") return level;
    const name = level === "+" ? `level${i + 1}` : "rest";
    parameters[name] = { description: level === "+" ? "any one level" : "any further levels, or none" };
    return `{${name}}`;
  });
  return { address: levels.join("/"), ...(Object.keys(parameters).length > 0 ? { parameters } : {}) };
}

/**
 * A schema without references stands as it is. One with them would be resolved in this document instead of itself:
 * it travels as text, and the payload says nothing.
 */
function payloadOf(schema: JsonSchema): Record<string, unknown> {
  if (typeof schema !== "boolean" && refers(schema))
    return { payload: {}, "x-json-schema": JSON.stringify(schema) };
  const { $schema: _draft, $id: _id, ...payload } = asObject(schema);
  return { payload };
}

function refers(schema: SchemaObject): boolean {
  const open: unknown[] = [schema];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (isRecord(part) && ("$ref" in part || "$dynamicRef" in part)) return true;
    if (typeof part === "object" && part !== null) open.push(...Object.values(part));
  }
  return false;
}
