import { createHash } from "node:crypto";
import { HttpProblem } from "@fieldmesh/runtime";
import type { Request, RequestHandler, Response } from "express";

/** The store answers within 5 s, or says that it is away; so does a request. */
const STORE_MS = 5_000;
const RETRY_SECONDS = 5;

/**
 * Answers JSON with an ETag of its content: who has it gets 304. Nothing may be taken from a cache without asking,
 * as the next reading changes it, nor be shown to others.
 */
export function sendJson(request: Request, response: Response, body: unknown, etag?: string): void {
  const text = JSON.stringify(body);
  const tag = etag ?? `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  response.set({ ETag: tag, "Cache-Control": "private, no-cache", Vary: "Accept, Authorization, Cookie" });
  if (isHeld(request, tag)) {
    response.status(304).end();
    return;
  }
  response.type("application/json").send(text);
}

/** RFC 9110 §13.1.2, weak comparison. Not Express's `fresh`: `fetch` adds `no-cache` to a condition, which that obeys. */
function isHeld(request: Request, tag: string): boolean {
  const given = request.get("If-None-Match");
  if (given === undefined) return false;
  return given.split(",").some((each) => ["*", tag, `W/${tag}`].includes(each.trim()));
}

/** A page of a list: `Link` (RFC 8288) has the next one. */
export function linkNext(request: Request, response: Response, next: string | undefined): void {
  if (next === undefined) return;
  const query = new URLSearchParams(request.originalUrl.split("?")[1] ?? "");
  query.set("after", next);
  response.set("Link", `<${request.baseUrl}${request.path}?${query.toString()}>; rel="next"`);
}

/** A handler whose faults of the store become 503, as does one that does not answer in time. */
export function answered(handler: (request: Request, response: Response) => Promise<void>): RequestHandler {
  return async (request, response) => {
    try {
      await handler(request, response);
    } catch (error) {
      throw problemOfStore(error) ?? error;
    }
  };
}

/** Waits for the store, but not for ever. @throws HttpProblem 503 */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(unavailable("store_slow", `the store did not answer within ${STORE_MS / 1_000} s`));
    }, STORE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What an error of the store says to whoever asked; undefined when it is not one. */
export function problemOfStore(error: unknown): HttpProblem | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const cause = { cause: error };
  if (code === "store_away")
    return unavailable("store_away", "the historian's store cannot be reached", cause);
  if (code === "write_failed")
    return unavailable("store_failing", "the historian's store takes no writes", cause);
  return undefined;
}

/** 503 with `Retry-After`. */
export function unavailable(code: string, detail: string, options?: ErrorOptions): HttpProblem {
  const extras = { headers: { "Retry-After": String(RETRY_SECONDS) } };
  return new HttpProblem(503, code, `${detail}: try again in ${RETRY_SECONDS} s`, extras, options);
}
