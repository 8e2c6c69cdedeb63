import { HttpProblem, principalOf } from "@fieldmesh/runtime";
import type { Request, RequestHandler, Response } from "express";
import type { z } from "zod";
import type { Answer, Answers } from "../store/answers.js";
import { parseBody } from "./input.js";
import { answered } from "./problems.js";
import { sendJson } from "./send-json.js";

/** What was made (200: what was there already): where it is, and as what it is answered, as a value or as JSON. */
export type Made = { location: string; etag?: string; status?: 200 | 201 } & (
  | { value: unknown }
  | { json: string }
);

/**
 * A route that makes something: 201 with `Location`. With an `Idempotency-Key` the same request, sent again
 * within a day, has the same answer and does nothing.
 */
export function creates<S extends z.ZodType>(
  answers: Answers,
  schema: S,
  make: (input: z.output<S>, request: Request, response: Response) => Promise<Made>,
): RequestHandler {
  return answered(async (request, response) => {
    const input = parseBody(request, schema);
    const work = async (): Promise<Answer> => toAnswer(await make(input, request, response));
    const key = keyOf(request);
    if (key === undefined) {
      send(response, await work());
      return;
    }
    const what = `${request.method} ${request.baseUrl}${request.path}`;
    // Names of principals have no space in them.
    const scope = `${principalOf(response).name} ${what} ${key}`;
    const { answer, again } = await answers.once(scope, JSON.stringify(input), work);
    if (again) response.set("Idempotency-Replayed", "true");
    send(response, answer);
  });
}

function keyOf(request: Request): string | undefined {
  const key = request.get("Idempotency-Key");
  if (key === undefined || /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new HttpProblem(422, "invalid", "Idempotency-Key: expected 1 to 200 visible ASCII characters");
}

function toAnswer(made: Made): Answer {
  const { location, etag, status = 201 } = made;
  const headers = { Location: location, ...(etag === undefined ? {} : { ETag: etag }) };
  return { status, headers, body: "json" in made ? made.json : JSON.stringify(made.value) };
}

function send(response: Response, { status, headers, body }: Answer): void {
  response.status(status).set({ ...headers, "Cache-Control": "no-store" });
  sendJson(response, body);
}
