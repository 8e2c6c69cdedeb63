import { describe, expect, it } from "vitest";
import { productInput } from "../resources/product.js";
import { toAsyncApi } from "./asyncapi.js";

const product = productInput.parse({
  id: "env_desk_temperature",
  domain: "env",
  owner: "alice",
  tags: ["room"],
  outputPorts: [
    { kind: "mqtt", name: "live", topicFilter: "env/+/temperature/#" },
    { kind: "http", name: "history", address: "http://localhost:8100/api/history" },
  ],
});
const version = { version: "1.0.0", changelog: "", compatibility: "BACKWARD", strict: false } as const;
const schema = { $schema: "x", type: "object", properties: { value: { type: "number" } } };

describe("streams as AsyncAPI", () => {
  it("are channels that the product sends on", () => {
    expect(
      toAsyncApi({ product, version: { ...version, schema } }, [
        "mqtt://localhost:1883",
        "wss://broker.local/mqtt",
        "http://localhost",
        "none",
      ]),
    ).toEqual({
      asyncapi: "3.0.0",
      info: {
        title: "env_desk_temperature",
        version: "1.0.0",
        description: "",
        tags: [{ name: "room" }],
        "x-domain": "env",
        "x-owner": "alice",
        "x-status": "draft",
      },
      defaultContentType: "application/json",
      servers: {
        broker1: { host: "localhost:1883", protocol: "mqtt", protocolVersion: "3.1.1" },
        broker2: { host: "broker.local", pathname: "/mqtt", protocol: "wss", protocolVersion: "3.1.1" },
      },
      channels: {
        live: {
          address: "env/{level2}/temperature/{rest}",
          parameters: {
            level2: { description: "any one level" },
            rest: { description: "any further levels, or none" },
          },
          messages: { reading: { $ref: "#/components/messages/reading" } },
        },
      },
      operations: {
        send_live: {
          action: "send",
          channel: { $ref: "#/channels/live" },
          messages: [{ $ref: "#/channels/live/messages/reading" }],
          bindings: { mqtt: { qos: 1, retain: false, bindingVersion: "0.2.0" } },
        },
      },
      components: {
        messages: {
          reading: {
            name: "reading",
            payload: { type: "object", properties: { value: { type: "number" } } },
          },
        },
      },
    });
  });

  it("keep a schema's references from being resolved elsewhere", () => {
    const referring = { properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { type: "string" } } };
    const { components } = toAsyncApi({ product, version: { ...version, schema: referring } }, []);
    expect(components).toEqual({
      messages: { reading: { name: "reading", payload: {}, "x-json-schema": JSON.stringify(referring) } },
    });
  });
});
