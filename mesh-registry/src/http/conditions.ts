import { HttpProblem } from "@fieldmesh/runtime";
import type { Request, Response } from "express";
import type { Precondition } from "../store/domains.js";
import type { Kept } from "../store/table.js";
import { sendJson } from "./send-json.js";

interface Resource {
  createdAt: number;
}

/** A name that was removed and made again begins anew with its changes, so when it was made belongs to the tag. */
export function etagOf({ value, version }: Kept<Resource>): string {
  return `"${value.createdAt.toString(36)}-${version}"`;
}

/**
 * `If-Match` (RFC 9110 §13.1.1): whoever changes something has seen it as it is.
 * @throws HttpProblem 428 when it is missing (RFC 6585 §3); what is returned throws 412
 */
export function ifMatch(request: Request): Precondition<Resource> {
  const given = request.get("If-Match");
  if (given === undefined) {
    throw new HttpProblem(
      428,
      "if_match_required",
      "If-Match is missing: expected the ETag of what you read",
    );
  }
  const tags = given.split(",").map((tag) => tag.trim());
  return (kept) => {
    const etag = etagOf(kept);
    if (tags.includes("*") || tags.includes(etag)) return;
    const detail = `it was changed since you read it: its ETag is ${etag} now; read it again`;
    throw new HttpProblem(412, "changed", detail, { headers: { ETag: etag } });
  };
}

/** Answers with a resource, or 304 to who has it (RFC 9110 §13.1.2). */
export function sendResource(request: Request, response: Response, kept: Kept<Resource>): void {
  const etag = etagOf(kept);
  response.set({ ETag: etag, "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
  const held = (request.get("If-None-Match") ?? "").split(",").map((tag) => tag.trim());
  if (request.method === "GET" && ["*", etag, `W/${etag}`].some((tag) => held.includes(tag))) {
    response.status(304).end();
    return;
  }
  sendJson(response, kept.json);
}
