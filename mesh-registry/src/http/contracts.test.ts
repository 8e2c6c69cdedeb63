import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import { Ajv2019 } from "ajv/dist/2019.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type Answered, registryService, SALES, type Service } from "../testing/service.js";

const ODCS_SCHEMA = new URL("../testing/odcs/odcs-json-schema-v3.1.0.json", import.meta.url);

const FULL = {
  id: "env_desk_temperature",
  domain: "sales",
  owner: "alice",
  description: "Temperature of the desk",
  tags: ["room", "climate"],
  status: "active",
  visibility: "public",
  sla: { availability: 99.9, freshness: "5m", completeness: 98, validity: 99, timeliness: "250ms" },
  metadata: { site: "home", floors: [1, 2] },
  outputPorts: [
    { kind: "mqtt", name: "live", topicFilter: "env/+/temperature/#" },
    { kind: "http", name: "history", address: "http://localhost:8100/api/history" },
  ],
};
const SCHEMA = {
  type: "object",
  properties: {
    value: { type: ["number", "null"], minimum: -40, maximum: 85, unit: "Cel" },
    at: { type: "string", format: "date-time", description: "when it was read" },
    tags: { type: "array", items: { type: "string", maxLength: 5 }, maxItems: 3 },
    site: { type: "object", properties: { id: { type: "integer" } }, required: ["id"] },
    any: {},
    level: { enum: ["low", "high"] },
    ok: { type: "boolean" },
  },
  required: ["value"],
};

function code({ status, body }: Answered): [number, unknown] {
  return [status, (body as { code?: string }).code];
}

async function world(): Promise<Service> {
  const service = await registryService({ broker: { urls: ["mqtt://127.0.0.1:9"] } }); // nobody is there
  await service.ask("POST", "/domains", SALES);
  await service.ask("POST", "/products", FULL);
  await service.ask("POST", "/products", { id: "bare", domain: "sales", owner: "ann" });
  const version = {
    version: "1.2.0",
    schema: SCHEMA,
    accessPolicy: { roles: ["analyst"] },
    changelog: "first",
  };
  await service.ask("POST", "/products/env_desk_temperature/versions", version);
  return service;
}

const PATH = "/products/env_desk_temperature/contract";
const AS_YAML = { Accept: "application/yaml" };
const YAML_BODY = { "Content-Type": "application/yaml" };

/** What the registry writes; by no other implementation, so checked by the standard's own schema. */
function validator() {
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv.compile(JSON.parse(readFileSync(ODCS_SCHEMA, "utf8")) as object);
}

test("contracts are valid by the published schema of ODCS 3.1, in YAML and in JSON", async () => {
  const { ask } = await world();
  const validate = validator();
  for (const id of ["env_desk_temperature", "bare"]) {
    const written = await ask("GET", `/products/${id}/contract`, undefined, AS_YAML);
    expect(written.headers.get("content-type")).toBe("application/yaml; charset=utf-8");
    const document: unknown = parse(String(written.body));
    validate(document);
    expect([id, validate.errors]).toEqual([id, null]);
    const json = await ask("GET", `/products/${id}/contract?format=odcs`, undefined, {
      Accept: "application/json",
    });
    expect(json.body).toEqual(document);
  }
  expect(validate({ kind: "DataContract" })).toBe(false);
  expect((await ask("GET", PATH)).body).toMatchObject({
    product: { id: "env_desk_temperature" },
    version: { version: "1.2.0", schema: SCHEMA },
  });
  expect((await ask("GET", "/products/bare/contract?version=1.0.0")).status).toBe(404);
  expect((await ask("GET", `${PATH}?format=xml`)).status).toBe(422);
});

test("a contract comes back as it was, and is changed by who has seen it", async () => {
  const from = await world();
  const written = String((await from.ask("GET", PATH, undefined, AS_YAML)).body);
  const to = await registryService();
  await to.ask("POST", "/domains", SALES);
  const made = await to.ask("POST", "/contracts", written, YAML_BODY);
  expect([made.status, made.headers.get("location")]).toEqual([201, PATH]);
  expect(String((await to.ask("GET", PATH, undefined, AS_YAML)).body)).toBe(written);
  expect(code(await to.ask("POST", "/contracts", written, YAML_BODY))).toEqual([409, "exists"]);
  expect(code(await to.ask("PUT", PATH, written, YAML_BODY))).toEqual([428, "if_match_required"]);

  const ifMatch = { ...YAML_BODY, "If-Match": made.headers.get("etag") ?? "" };
  expect((await to.ask("PUT", PATH, written, ifMatch)).status).toBe(200); // its version is there already
  expect(code(await to.ask("PUT", PATH, written, ifMatch))).toEqual([412, "changed"]);
  const document = parse(written) as { version: string; description: object; schema: object[] };
  const broken = {
    ...document,
    schema: [{ name: "x", properties: [{ name: "value", logicalType: "string" }] }],
  };
  const any = { ...YAML_BODY, "If-Match": "*" };
  expect(code(await to.ask("PUT", PATH, stringify(broken), any))).toEqual([409, "exists"]);
  expect(code(await to.ask("PUT", PATH, stringify({ ...broken, version: "1.3.0" }), any))).toEqual([
    409,
    "breaking",
  ]);
  expect((await to.ask("PUT", PATH, stringify({ ...broken, version: "2.0.0" }), any)).body).toMatchObject({
    version: { version: "2.0.0", schema: { properties: { value: { type: "string" } } } },
  });
  expect((await to.ask("GET", "/products/env_desk_temperature/versions")).headers.get("x-total-count")).toBe(
    "2",
  );
  const other = await to.ask("PUT", "/products/other/contract", written, YAML_BODY);
  expect(code(other)).toEqual([422, "invalid"]);
});

test("what is no contract is refused with what is wrong", async () => {
  const { ask } = await world();
  const refused = await ask("POST", "/contracts", "kind: DataContract\nid: a b\ndomain: sales\n", YAML_BODY);
  expect(refused.body).toMatchObject({ status: 422, errors: [{ pointer: "/id" }, { pointer: "/owner" }] });
  for (const text of ["a: [", "- 1", "", "a: &x [*x]", `a: ${"[".repeat(5_000)}`]) {
    expect([text, (await ask("POST", "/contracts", text, YAML_BODY)).status]).toEqual([text, 422]);
  }
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x]",
    ..."bcdefghi".split("").map((c, i) => {
      const before = "abcdefgh"[i];
      return `${c}: &${c} [${Array.from({ length: 9 }, () => `*${before}`).join(",")}]`;
    }),
  ].join("\n");
  expect((await ask("POST", "/contracts", bomb, YAML_BODY)).status).toBe(422);
  expect((await ask("POST", "/contracts", "x".repeat(300_000), YAML_BODY)).status).toBe(413);
  expect((await ask("POST", "/contracts", "x", { "Content-Type": "text/plain" })).status).toBe(415);
});

test("streams are valid AsyncAPI 3.0 by its own parser", async () => {
  const { ask } = await world();
  const parser = new Parser();
  for (const id of ["env_desk_temperature", "bare"]) {
    const { body } = await ask("GET", `/products/${id}/asyncapi`);
    const { document, diagnostics } = await parser.parse(JSON.stringify(body));
    expect([id, diagnostics.filter(({ severity }) => severity === 0)]).toEqual([id, []]);
    expect([document?.version(), document?.servers().length]).toEqual(["3.0.0", 1]);
  }
});
