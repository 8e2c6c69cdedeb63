import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from "@asteasolutions/zod-to-openapi";
import { z } from "zod";
import { PARAMETERS, type ParameterName } from "./parameters.js";
import {
  configurationSchema,
  gapsSchema,
  historyEventSchema,
  historyStatusSchema,
  importSchema,
  latestSchema,
  problemSchema,
  qualitySchema,
  readingsSchema,
  streamSchema,
} from "./schemas.js";

type Description = ReturnType<OpenApiGeneratorV31["generateDocument"]>;

const PAGED: readonly ParameterName[] = ["after", "limit"];
const RANGE: readonly ParameterName[] = ["from", "to", "last"];
const LIST: readonly ParameterName[] = ["domain", "node", "q", ...PAGED];

let made: { version: string; description: Description } | undefined;

/** OpenAPI 3.1 of everything under `/api/history`. */
export function historyDescription(version: string): Description {
  if (made?.version !== version) made = { version, description: describe(version) };
  return made.description;
}

function describe(version: string): Description {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });

  const problem = (description: string): ResponseConfig => ({
    description,
    content: { "application/problem+json": { schema: problemSchema } },
  });
  const problems: Record<string, ResponseConfig> = {
    401: problem("sign in, or send a token"),
    403: problem("the role is not enough, or the page is another site's"),
    429: problem("too many requests: `Retry-After` says how long to wait"),
    503: problem("the store cannot be reached: `Retry-After`"),
  };
  const invalid = problem(
    "a parameter is wrong or unknown: `errors` names it, its value and what was expected",
  );
  const unknown = problem("there is no such stream, or nothing of it");

  const add = (
    method: RouteConfig["method"],
    path: string,
    summary: string,
    {
      query = [],
      headers = [],
      answers,
      ...more
    }: {
      query?: readonly ParameterName[];
      answers: Record<string, ResponseConfig>;
      request?: RouteConfig["request"];
      headers?: readonly string[];
    },
  ): void => {
    const inPath = path.includes("{stream}")
      ? [{ name: "stream", in: "path" as const, required: true, schema: { type: "string" as const } }]
      : [];
    registry.registerPath({
      method,
      path: `/api/history${path}`,
      summary,
      security: [{ token: [] }],
      ...(more.request === undefined ? {} : { request: more.request }),
      parameters: [...inPath, ...query.map(inQuery), ...headers.map(inHeader)],
      responses: { ...answers, 422: invalid, ...(inPath.length > 0 ? { 404: unknown } : {}), ...problems },
    });
  };
  const json = (schema: z.ZodType, description: string): Record<string, ResponseConfig> => ({
    200: { description, content: { "application/json": { schema } } },
    304: { description: "unchanged since the ETag of `If-None-Match`" },
  });

  add("get", "/streams", "Streams of which something is kept", {
    query: LIST,
    answers: json(z.array(streamSchema), "by name; `Link` has the next page"),
  });
  add("get", "/streams/{stream}", "One stream", { answers: json(streamSchema, "what is known of it") });
  add("get", "/streams/{stream}/latest", "The newest reading", { answers: json(latestSchema, "by time") });
  add("get", "/streams/{stream}/readings", "Readings of a range, for a chart or as a file", {
    query: [...RANGE, "points", "mode", "level", "format", "times"],
    answers: {
      200: {
        description: "columns; or every reading as CSV or NDJSON",
        content: {
          "application/json": { schema: readingsSchema },
          "text/csv": { schema: { type: "string" } },
          "application/x-ndjson": { schema: { type: "string" } },
        },
      },
      304: { description: "unchanged since the ETag of `If-None-Match`" },
      406: problem("nothing that `Accept` takes"),
    },
  });
  add("post", "/streams/{stream}/import", "Readings from a file (operator)", {
    request: { body: { required: true, content: { "text/csv": { schema: { type: "string" } } } } },
    answers: {
      200: {
        description: "a line for each step; the last is `done`, or has a `problem`",
        content: { "application/x-ndjson": { schema: importSchema } },
      },
      413: problem("the file is too large"),
      415: problem("not CSV in UTF-8"),
    },
  });
  add("get", "/streams/{stream}/gaps", "What did not come when it should, and why", {
    query: [...RANGE, ...PAGED],
    answers: json(gapsSchema, "newest first"),
  });
  add("get", "/streams/{stream}/quality", "What was measured of a stream", {
    answers: json(qualitySchema, "one report"),
  });
  add("get", "/quality", "What was measured of the streams", {
    query: LIST,
    answers: json(qualitySchema, "by name; `next`, and `Link`, have the next page"),
  });
  add("get", "/events", "Alarms that were raised and cleared", {
    query: ["stream", "domain", "node", "sensor", "rule", "state", "severity", ...RANGE, ...PAGED],
    answers: json(z.array(historyEventSchema), "newest first; `Link` has the next page"),
  });
  add("get", "/status", "How the historian is", {
    answers: json(historyStatusSchema, "role, store, brokers, sizes"),
  });
  add("get", "/configuration", "What is promised of the streams", {
    answers: json(configurationSchema, "the document; its ETag is its version"),
  });
  add("put", "/configuration", "Replaces it (admin)", {
    request: { body: { required: true, content: { "application/json": { schema: configurationSchema } } } },
    headers: ["If-Match"],
    answers: {
      ...json(configurationSchema, "what is in force now"),
      412: problem("another version is in force"),
      428: problem("`If-Match` is missing"),
    },
  });
  add("get", "/openapi.json", "This description", {
    answers: json(z.record(z.string(), z.unknown()), "OpenAPI 3.1"),
  });
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: {
      title: "Fieldmesh history",
      version,
      description: "What was read, what happened, and how well it came. Times are ms since the epoch.",
    },
  });
}

function inQuery(name: ParameterName) {
  const { schema, description, expected } = PARAMETERS[name];
  return {
    name,
    in: "query" as const,
    description: `${description} Expected: ${expected}.`,
    schema: { ...schema, ...("enum" in schema ? { enum: [...schema.enum] } : {}) } as {
      type: "string" | "integer";
    },
  };
}

function inHeader(name: string) {
  return { name, in: "header" as const, required: true, schema: { type: "string" as const } };
}
