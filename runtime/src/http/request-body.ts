import type { Request } from "express";
import type { z } from "zod";
import { HttpProblem } from "./problem.js";

/** Errors of one request that are listed. */
const MAX_ERRORS = 20;

/**
 * The JSON body of a request, checked.
 * @throws HttpProblem 415 without a JSON body; 422 naming each field that is wrong.
 */
export function parseBody<T>(request: Request, schema: z.ZodType<T>): T {
  const body: unknown = request.body;
  if (body === undefined) {
    throw new HttpProblem(415, "not_json", "expected a JSON body with Content-Type: application/json");
  }
  return parseInput(body, schema, "body");
}

/** Any input of a request, as its query. @throws HttpProblem 422 naming each field that is wrong. */
export function parseInput<T>(input: unknown, schema: z.ZodType<T>, what: string): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, MAX_ERRORS).map((issue) => ({
    pointer: issue.path.map((part) => `/${String(part).replace(/~/g, "~0").replace(/\//g, "~1")}`).join(""),
    detail: issue.message,
  }));
  const [first] = errors;
  const where = first === undefined || first.pointer === "" ? what : `${what} ${first.pointer}`;
  throw new HttpProblem(422, "invalid", `${where}: ${first?.detail ?? "invalid"}`, { errors });
}
