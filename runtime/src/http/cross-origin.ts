import type { IncomingHttpHeaders } from "node:http";
import type { RequestHandler } from "express";

/** What a page of another origin may send. A cookie is not among it: it comes with a token of its own. */
const SENT = [
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "X-API-Key",
  "X-Request-Id",
].join(", ");
/** What it may read beside the body. */
const READ = "ETag, Link, Location, Retry-After, X-Request-Id, X-Total-Count";
const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
const MAX_AGE_S = 600;

/**
 * CORS by list (https://fetch.spec.whatwg.org/#http-cors-protocol): answers preflight requests of these origins, and
 * lets their pages read answers. Others get no such header: the browser keeps the answer from them. A cookie that
 * comes along is not looked at: who is signed in here has not asked for what another page does.
 */
export function crossOrigin(origins: ReadonlySet<string>): RequestHandler {
  return (request, response, next) => {
    response.vary("Origin");
    const { origin } = request.headers;
    if (origin === undefined || !origins.has(origin)) return next();
    delete request.headers.cookie;
    response.setHeader("Access-Control-Allow-Origin", origin);
    response.setHeader("Access-Control-Expose-Headers", READ);
    const isPreflight =
      request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    if (!isPreflight) return next();
    response.set({
      "Access-Control-Allow-Methods": METHODS,
      "Access-Control-Allow-Headers": SENT,
      "Access-Control-Max-Age": String(MAX_AGE_S),
    });
    response.status(204).end();
  };
}

/** What is left to be checked of a request: an origin that is listed is not looked at again. */
export function withoutAllowed(
  headers: IncomingHttpHeaders,
  origins: ReadonlySet<string>,
): IncomingHttpHeaders {
  if (headers.origin === undefined || !origins.has(headers.origin)) return headers;
  const { origin: _origin, "sec-fetch-site": _site, ...rest } = headers;
  return rest;
}
