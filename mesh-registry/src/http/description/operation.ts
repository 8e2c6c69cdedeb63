import type { ResponseConfig, RouteConfig } from "@asteasolutions/zod-to-openapi";
import { z } from "zod";

/** What a route asks for and answers, from which its part of the API description is made. */
export interface Operation {
  path?: Record<string, z.ZodType>;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Asks for `If-Match`. */
  conditional?: boolean;
  /** Takes an `Idempotency-Key`. */
  creates?: boolean;
  /** What is answered when all is well: of a list, one entry. */
  answer?: z.ZodType;
  /** A list: an array with its pages; what has a query is one unless said otherwise. */
  list?: boolean;
  /** What is answered where it is not JSON. */
  mediaType?: string;
  status?: 200 | 201 | 202 | 204;
  /** One of the interface that was there before: its errors are `{success, message, detail}`. */
  seed?: boolean;
}

/** Tells of one operation; paths are written as `/products/{id}`. */
export type AddOperation = (
  method: RouteConfig["method"],
  path: string,
  summary: string,
  its: Operation,
) => void;

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string().describe("stable: programs decide by it"),
    detail: z.string(),
    errors: z
      .array(
        z.object({
          pointer: z.string().describe("JSON pointer of the field (RFC 6901)"),
          detail: z.string(),
          value: z.string().optional(),
          expected: z.string().optional(),
          position: z
            .object({ line: z.number(), column: z.number(), offset: z.number() })
            .optional()
            .describe("of a rule: where in its text; line and column from 1, offset from 0, UTF-16 units"),
        }),
      )
      .optional(),
    requestId: z.string(),
  })
  .meta({ id: "Problem" });

export function requestOf({
  path,
  query,
  body,
  conditional,
  creates,
}: Operation): NonNullable<RouteConfig["request"]> {
  const headers = {
    ...(conditional === true ? { "If-Match": z.string().describe("ETag of what was read, or *") } : {}),
    ...(creates === true
      ? { "Idempotency-Key": z.string().optional().describe("the same for a day: the same answer") }
      : {}),
  };
  return {
    ...(path === undefined ? {} : { params: z.object(path) }),
    ...(query === undefined ? {} : { query }),
    ...(Object.keys(headers).length === 0 ? {} : { headers: z.object(headers) }),
    ...(body === undefined
      ? {}
      : { body: { required: true, content: { "application/json": { schema: body } } } }),
  };
}

export function responsesOf(its: Operation): Record<string, ResponseConfig> {
  const { path, query, body, conditional, creates, answer, status = 200 } = its;
  const { list = query !== undefined, mediaType = "application/json", seed = false } = its;
  const problem = seed ? seedProblem : problemDocument;
  const schema = answer === undefined || !list ? answer : z.array(answer);
  const description = list ? "`Link` has the next page, `X-Total-Count` the sum" : "as it is now";
  const isWrite = body !== undefined || conditional === true || status === 204;
  return {
    [status]: {
      description,
      ...(schema === undefined ? {} : { content: { [mediaType]: { schema } } }),
    },
    401: problem("sign in, or send a token"),
    403: problem("the role is not enough, or the page is another site's"),
    422: problem("a field is wrong: `errors` names it, its value and what was expected"),
    429: problem("too many requests: `Retry-After` says how long to wait"),
    503: problem("the store cannot be reached: `Retry-After`"),
    ...(path === undefined ? {} : { 404: problem("there is no such thing") }),
    ...(isWrite ? { 409: problem("others need it, there is one already, or what it is forbids it") } : {}),
    ...(body === undefined
      ? {}
      : { 400: problem("not JSON"), 413: problem("too large"), 415: problem("not JSON in UTF-8") }),
    ...(conditional === true ? { 428: problem("`If-Match` is missing") } : {}),
    ...(isWrite && (conditional === true || creates === true)
      ? { 412: problem("it was changed since it was read") }
      : {}),
  };
}

const seedError = z
  .object({ success: z.literal(false), message: z.string(), detail: z.string() })
  .meta({ id: "SeedError" });

function seedProblem(description: string): ResponseConfig {
  return { description, content: { "application/json": { schema: seedError } } };
}

function problemDocument(description: string): ResponseConfig {
  return { description, content: { "application/problem+json": { schema: problemSchema } } };
}
