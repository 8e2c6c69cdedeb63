import { describe, expect, test } from "vitest";
import { z } from "zod";
import { everySecond, historyService } from "../testing/history-service.js";

const STREAM = "env_greenhouse_temperature";
const NOW = Date.UTC(2027, 0, 31, 12);

interface Operation {
  parameters?: { name: string; in: string }[];
  responses: Record<string, { content?: Record<string, { schema: Record<string, unknown> }> }>;
}
interface Description {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}

describe("the description of the interface", () => {
  test("says what is answered: every answer meets its schema, and names nothing else", async () => {
    const service = await historyService({ clock: () => NOW });
    await service.reads.add(
      STREAM,
      everySecond(NOW - 7_200_000, 7_200, (i) => (i === 9 ? null : i)),
    );
    service.reads.eventsFound = [
      {
        id: "1",
        domain: "env",
        stream: STREAM,
        at: 1,
        arrivedAt: 2,
        event: {
          node: "greenhouse",
          sensor: "temperature",
          rule: "too-hot",
          state: "raised",
          severity: "warning",
          value: 31,
          limit: 30,
          unit: "Cel",
          timestamp: 1,
          since: 1,
          boot: 1,
          seq: 1,
          message: "hot",
        },
      },
    ];
    const get = async (path: string): Promise<{ status: number; type: string; body: unknown }> => {
      const answer = await fetch(`${service.url}/api/history${path}`);
      const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
      return { status: answer.status, type, body: await answer.json() };
    };
    const description = (await get("/openapi.json")).body as Description;
    expect(description.openapi).toBe("3.1.0");
    expect(Object.keys(description.paths).length).toBe(12);

    const s = `/streams/${STREAM}`;
    const asked: [string, string, number][] = [
      ["/streams", "/streams", 200],
      [s, "/streams/{stream}", 200],
      [`${s}/latest`, "/streams/{stream}/latest", 200],
      [`${s}/readings?last=1h`, "/streams/{stream}/readings", 200],
      [`${s}/readings?last=2h&level=minute`, "/streams/{stream}/readings", 200],
      [`${s}/gaps`, "/streams/{stream}/gaps", 200],
      [`${s}/quality`, "/streams/{stream}/quality", 200],
      ["/quality", "/quality", 200],
      ["/events", "/events", 200],
      ["/status", "/status", 200],
      ["/configuration", "/configuration", 200],
      ["/openapi.json", "/openapi.json", 200],
      ["/streams/env_a_b/latest", "/streams/{stream}/latest", 404],
      ["/events?limit=0", "/events", 422],
      [`${s}/readings?points=0&mode=x`, "/streams/{stream}/readings", 422],
    ];
    for (const [path, described, status] of asked) {
      const answer = await get(path);
      const operation = description.paths[`/api/history${described}`]?.["get"];
      const schema = operation?.responses[status]?.content?.[answer.type]?.schema;
      expect([path, answer.status, schema === undefined]).toEqual([path, status, false]);
      const resolved = z.fromJSONSchema(closed(inlined(schema, description)) as z.core.JSONSchema.JSONSchema);
      const parsed = resolved.safeParse(answer.body);
      expect([path, parsed.error?.issues.slice(0, 3)]).toEqual([path, undefined]);
    }
  });

  test("names every parameter that a route takes, and no other", async () => {
    const service = await historyService({ clock: () => NOW });
    await service.reads.add(STREAM, everySecond(NOW - 5_000, 5));
    const answer = await fetch(`${service.url}/api/history/openapi.json`);
    const description = (await answer.json()) as Description;
    for (const [path, operations] of Object.entries(description.paths)) {
      for (const [method, { parameters = [] }] of Object.entries(operations)) {
        if (method !== "get") continue;
        const named = parameters.filter(({ in: where }) => where === "query").map(({ name }) => name);
        const url = `${service.url}${path.replace("{stream}", STREAM)}?nonsense=1`;
        const { errors } = (await (await fetch(url)).json()) as { errors: { expected: string }[] };
        const known = named.length === 0 ? "no parameter" : `one of the parameters ${named.join(", ")}`;
        expect([path, errors[0]?.expected]).toEqual([path, known]);
      }
    }
  });
});

/** With the schema in place of each reference to it. */
function inlined(schema: unknown, description: Description): unknown {
  if (Array.isArray(schema)) return schema.map((each) => inlined(each, description));
  if (typeof schema !== "object" || schema === null) return schema;
  const reference =
    "$ref" in schema ? /^#\/components\/schemas\/(\w+)$/.exec(String(schema.$ref))?.[1] : undefined;
  if (reference !== undefined) return inlined(description.components.schemas[reference], description);
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inlined(value, description)]));
}

/** Takes no property that is not named, so that the description is whole. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const copy: Record<string, unknown> = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, closed(value)]),
  );
  const isObject = copy["type"] === "object" && copy["properties"] !== undefined;
  return isObject && copy["additionalProperties"] === undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}
