import type { Request, Response } from "express";
import { z } from "zod";
import { domainId, filledText, resourceId, text } from "../resources/fields.js";
import { LINEAGE_TYPES } from "../resources/lineage-edge.js";
import { PRODUCT_STATUSES, VISIBILITIES } from "../resources/product.js";
import type { Kept, Slice } from "../store/table.js";
import type { PageBytes } from "./page-bytes.js";
import { sendJson } from "./send-json.js";

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;
const MAX_OFFSET = 1_000_000;
const MAX_DEPTH = 1_000;

/** A whole number in a query. */
export function whole(min: number, max: number) {
  return z
    .string()
    .refine(
      (text) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max,
      `expected a whole number from ${min} to ${max}`,
    )
    .transform(Number)
    .meta({ type: "integer", minimum: min, maximum: max });
}

/** A cursor is the last id of the page before, so it stays true whatever comes and goes meanwhile. */
const cursor = z
  .string()
  .max(400, "expected a cursor out of a Link header")
  .refine((text) => /^[\w~-]{1,210}$/.test(fromCursor(text)), "expected a cursor out of a Link header");

/** What every list takes. */
export const paged = {
  limit: whole(1, MAX_LIMIT).optional().describe("at most so many of a page; 100 by default"),
  offset: whole(0, MAX_OFFSET).optional().describe("so many are passed over; not with after"),
};

const oneStart = "expected without offset: each of them says where to begin";
export function startsOnce({ offset, after }: { offset?: unknown; after?: unknown }): boolean {
  return offset === undefined || after === undefined;
}
export const ofAfter = { path: ["after"], error: oneStart };

export const afterId = cursor.optional().describe("where the page before ended: taken from its Link");

export const domainList = z.strictObject({ ...paged, after: afterId }).refine(startsOnce, ofAfter);

/** Which products: what may be asked of their list, and of what there is to choose from. */
const choice = {
  q: text(200).optional().describe("words that all have to be in it, or begin one; the best come first"),
  domain: domainId.optional(),
  owner: filledText(200).optional(),
  status: z.enum(PRODUCT_STATUSES).optional().describe("without it, drafts are left out"),
  visibility: z.enum(VISIBILITIES).optional(),
  tag: filledText(50).optional(),
  field: filledText(200).optional().describe("name of a field of the newest version's schema"),
};

export const productChoice = z.strictObject(choice);
export const productList = z
  .strictObject({ ...paged, after: afterId, ...choice })
  .refine(startsOnce, ofAfter);

export const lineageList = z
  .strictObject({
    ...paged,
    after: afterId,
    source: resourceId.optional(),
    target: resourceId.optional(),
    lineage_type: z.enum(LINEAGE_TYPES).optional(),
  })
  .refine(startsOnce, ofAfter);

export const versionList = z
  .strictObject({
    ...paged,
    after: z.string().max(4_000, "expected a cursor out of a Link header").optional(),
  })
  .refine(startsOnce, ofAfter);

export const relativeList = z
  .strictObject({ ...paged, after: afterId, depth: whole(1, MAX_DEPTH).optional() })
  .refine(startsOnce, ofAfter);

export const nothingAsked = z.strictObject({});

/** What a store is asked for a page. */
export function pageOf(query: {
  limit?: number | undefined;
  offset?: number | undefined;
  after?: string | undefined;
}): { limit: number; offset?: number | undefined; after?: string | undefined } {
  const { limit = DEFAULT_LIMIT, offset, after } = query;
  return { limit, offset, after: after === undefined ? undefined : fromCursor(after) };
}

/** A bare array; `X-Total-Count` has how many there are and `Link` (RFC 8288) the next page. */
export function sendList(
  request: Request,
  response: Response,
  { items, total, next }: { items: unknown[]; total: number; next?: string | undefined },
): void {
  sendPage(request, response, { json: JSON.stringify(items), total, next });
}

/** A list of what a table keeps, each entry as JSON. */
export function sendSlice<T>(
  request: Request,
  response: Response,
  { items, total, next }: Slice<T>,
  { entry = (kept) => kept.json, pages }: { entry?: (kept: Kept<T>) => string; pages?: PageBytes } = {},
): void {
  const entries = items.map(entry);
  const json = pages?.of(request.originalUrl, entries) ?? `[${entries.join(",")}]`;
  sendPage(request, response, { json, total, next: next === undefined ? next : toCursor(next) });
}

function sendPage(
  request: Request,
  response: Response,
  { json, total, next }: { json: string | Buffer; total: number; next?: string | undefined },
): void {
  response.set({
    "X-Total-Count": String(total),
    "Cache-Control": "private, no-cache",
    Vary: "Authorization, Cookie",
  });
  if (next !== undefined) {
    const query = new URLSearchParams(request.originalUrl.split("?")[1] ?? "");
    query.delete("offset");
    query.set("after", next);
    response.set("Link", `<${request.baseUrl}${request.path}?${query.toString()}>; rel="next"`);
  }
  sendJson(response, json);
}

export function toCursor(id: string): string {
  return Buffer.from(id).toString("base64url");
}

function fromCursor(text: string): string {
  return Buffer.from(text, "base64url").toString();
}
