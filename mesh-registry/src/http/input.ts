import { type FoundProblem, HttpProblem, problemsOf } from "@fieldmesh/runtime";
import type { Request } from "express";
import type { z } from "zod";

/** Errors of one request that are listed. */
const MAX_ERRORS = 20;
const SHOWN_CHARS = 100;

/**
 * The JSON body of a request, checked.
 * @throws HttpProblem 415 without a JSON body; 422 naming each field that is wrong, its value and what is expected
 */
export function parseBody<S extends z.ZodType>(request: Request, schema: S): z.output<S> {
  const body: unknown = request.body;
  if (body === undefined) {
    throw new HttpProblem(415, "not_json", "expected a JSON body with Content-Type: application/json");
  }
  return parseInput(schema, body, "body");
}

/** The query of a request, checked. @throws HttpProblem 422 as of a body */
export function parseQuery<S extends z.ZodType>(request: Request, schema: S): z.output<S> {
  return parseInput(schema, { ...request.query }, "query");
}

function parseInput<S extends z.ZodType>(schema: S, input: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = problemsOf(schema, parsed.error, input).slice(0, MAX_ERRORS).map(toError);
  throw new HttpProblem(422, "invalid", errors[0]?.detail ?? `${what}: expected something else`, { errors });

  function toError({ path, value, expected }: FoundProblem) {
    const pointer = path.map((part) => `/${String(part).replace(/~/g, "~0").replace(/\//g, "~1")}`).join("");
    const field = `${what}${cut(pointer)}`;
    const given = value === undefined ? undefined : shown(value);
    const detail = given === undefined ? `${field}: ${expected}` : `${field} ${given}: ${expected}`;
    return { pointer, detail, expected, ...(given === undefined ? {} : { value: given }) };
  }
}

/** A value as JSON, cut short. Of objects only that they are some: they may be nested without end. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length} entries]`;
  if (typeof value === "object" && value !== null) return "{…}";
  return typeof value === "string" ? JSON.stringify(cut(value)) : String(value);
}

function cut(text: string): string {
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
