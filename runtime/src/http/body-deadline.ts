import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import { HttpProblem, sendProblem } from "./problem.js";

/** Of each request that has a body. */
const deadlines = new WeakMap<IncomingMessage, { put(): void; lift(): void }>();

/**
 * Ends requests whose body is not here in time, with 408 where nothing was answered yet. Node.js has one such
 * limit for a whole server; here a route may lift it, see {@link liftBodyDeadline}.
 */
export function bodyDeadline(limitMs: number): RequestHandler {
  return (request, response, next) => {
    const { headers } = request;
    if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) return next();
    let timer: NodeJS.Timeout | undefined;
    const lift = (): void => clearTimeout(timer);
    const put = (): void => {
      lift();
      timer = setTimeout(() => {
        if (request.complete) return;
        if (response.headersSent) {
          request.destroy();
          return;
        }
        response.set("Connection", "close").once("finish", () => request.destroy());
        const detail = `the body did not come within ${limitMs / 1_000} s`;
        sendProblem(response, new HttpProblem(408, "too_slow", detail));
      }, limitMs);
    };
    put();
    deadlines.set(request, { put, lift });
    request.once("end", lift).once("close", lift);
    next();
  };
}

/**
 * For a route that takes large bodies and sees to it itself that they do not come too slowly.
 * @returns puts the deadline back, counted from then
 */
export function liftBodyDeadline(request: IncomingMessage): () => void {
  const deadline = deadlines.get(request);
  deadline?.lift();
  return () => {
    if (!request.complete && !request.destroyed) deadline?.put();
  };
}
