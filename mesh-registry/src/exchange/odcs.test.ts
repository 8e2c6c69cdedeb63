import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { productInput } from "../resources/product.js";
import { versionInput } from "../resources/version.js";
import { fromOdcs, toOdcs } from "./odcs.js";

const product = productInput.parse({
  id: "env_desk_temperature",
  domain: "env",
  owner: "alice",
  description: "Temperature of the desk",
  tags: ["room"],
  status: "active",
  visibility: "public",
  sla: { availability: 99.9, freshness: "5m", timeliness: "250ms" },
  metadata: { site: "home" },
  outputPorts: [
    { kind: "mqtt", name: "live", topicFilter: "env/desk/temperature/raw" },
    { kind: "http", name: "history", address: "http://localhost:8100/api/history" },
  ],
  inputPorts: [{ product: "raw" }],
});
const version = versionInput.parse({
  version: "1.2.0",
  schema: {
    type: "object",
    properties: {
      value: { type: ["number", "null"], minimum: -40, unit: "Cel" },
      at: { type: "string", format: "date-time" },
      tags: { type: "array", items: { type: "string", maxLength: 5 }, maxItems: 3 },
      site: { type: "object", properties: { id: { type: "integer" } }, required: ["id"] },
      any: {},
    },
    required: ["value"],
  },
  accessPolicy: { roles: ["analyst"], consumers: ["app"] },
  changelog: "first",
});

describe("a contract as ODCS", () => {
  it("says in the standard's words what it has words for", () => {
    const document = toOdcs({ product, version });
    expect(document).toMatchObject({
      version: "1.2.0",
      kind: "DataContract",
      apiVersion: "v3.1.0",
      id: "env_desk_temperature",
      status: "active",
      description: { purpose: "Temperature of the desk" },
      team: { members: [{ username: "alice", role: "owner" }] },
      roles: [{ role: "analyst", access: "read" }],
      slaProperties: [
        { property: "availability", value: 99.9, unit: "%" },
        { property: "freshness", value: 5, unit: "min" },
        { property: "timeliness", value: 250, unit: "ms" },
      ],
      schema: [
        {
          name: "env_desk_temperature",
          logicalType: "object",
          properties: [
            { name: "value", required: true, logicalType: "number", logicalTypeOptions: { minimum: -40 } },
            { name: "at", logicalType: "timestamp" },
            {
              name: "tags",
              logicalType: "array",
              logicalTypeOptions: { maxItems: 3 },
              items: { logicalType: "string", logicalTypeOptions: { maxLength: 5 } },
            },
            {
              name: "site",
              logicalType: "object",
              properties: [{ name: "id", required: true, logicalType: "integer" }],
            },
            { name: "any" },
          ],
        },
      ],
    });
  });

  it("comes back as it was", () => {
    for (const contract of [{ product, version }, { product }]) {
      const document: unknown = JSON.parse(JSON.stringify(toOdcs(contract)));
      expect(fromOdcs(document)).toEqual({ ok: true, contract });
    }
  });

  it("takes what somebody changed in its properties", () => {
    const document = JSON.parse(JSON.stringify(toOdcs({ product, version })));
    document.schema[0].properties[0].logicalTypeOptions.minimum = 0;
    const read = fromOdcs(document);
    expect(read.ok && read.contract.version?.schema).toMatchObject({
      properties: { value: { type: "number", minimum: 0 }, at: { type: "string", format: "date-time" } },
      required: ["value"],
    });
  });

  it("is read when others wrote it, also by 3.0", () => {
    const read = fromOdcs({
      kind: "DataContract",
      apiVersion: "v3.0.2",
      version: "1.1.0",
      id: "orders",
      domain: "sales",
      status: "proposed",
      team: [
        { username: "bob", role: "steward" },
        { username: "ann", role: "Owner" },
      ],
      description: { purpose: "Orders.", limitations: "No refunds." },
      slaProperties: [
        { property: "latency", value: 4, unit: "hours" },
        { property: "retention", value: 3, unit: "y" },
      ],
      schema: [{ name: "tbl", properties: [{ name: "id", logicalType: "integer", required: true }] }],
    });
    expect(read).toMatchObject({
      ok: true,
      contract: {
        product: {
          owner: "ann",
          status: "draft",
          description: "Orders.\n\nNo refunds.",
          sla: { timeliness: "4h" },
        },
        version: { schema: { type: "object", properties: { id: { type: "integer" } }, required: ["id"] } },
      },
    });
  });

  it("is refused with what is missing, and never throws", () => {
    expect(fromOdcs({ kind: "DataContract", id: "a b", domain: "x" })).toMatchObject({
      ok: false,
      faults: [{ path: "id" }, { path: "owner" }],
    });
    const names = Object.keys(toOdcs({ product, version }));
    expect(fromOdcs({ ...toOdcs({ product }), team: [{ username: "a", role: { toString: 1 } }] }).ok).toBe(
      true,
    );
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`);
    expect(fromOdcs({ ...toOdcs({ product }), schema: [deep] }).ok).toBe(false);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue(), { maxKeys: 15 }), (given) => {
        expect(typeof fromOdcs({ ...toOdcs({ product, version }), ...given, kind: "DataContract" }).ok).toBe(
          "boolean",
        );
        expect(fromOdcs(given["id"]).ok).toBe(false);
      }),
    );
  });
});
