import { HttpProblem, toProblem } from "@fieldmesh/runtime";
import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { RegistryError } from "../../store/registry-error.js";
import { toRegistryProblem } from "../problems.js";

/** Roots of these routes; of `/{domain}/{dataset}` the route says itself that it is one of them. */
const ROOTS = /^\/(?:register_product|register_lineage|product\/[^/]*|data\/.*)$/i;
const MARK = "seed";

export function sendDone(response: Response, message: string, data: unknown): void {
  response.set("Cache-Control", "no-store").json({ success: true, message, data });
}

/** Its errors are those of these routes. */
export const asSeed: RequestHandler = (_request, response, next) => {
  response.locals[MARK] = true;
  next();
};

/** Errors of these routes, whoever finds them, as `{success: false, message, detail}`; others, and faults of ours, are passed on. */
export const seedErrors: ErrorRequestHandler = (error: unknown, request, response, next) => {
  const isSeed = response.locals[MARK] === true || ROOTS.test(request.path);
  const problem = toProblem(toRegistryProblem(error));
  if (!isSeed || response.headersSent || problem.status === 500) {
    next(error);
    return;
  }
  const { errors = [], headers = {} } = problem.extras;
  const detail = errors.length === 0 ? problem.message : errors.map((each) => each.detail).join("; ");
  response.status(problem.status).set({ ...headers, "Cache-Control": "no-store" });
  response.json({ success: false, message: problem.message, detail });
};

/** Statuses that these clients know: no more room is 429, and what a step of lineage names has to be there (400). */
const STATUS: Partial<Record<RegistryError["code"], number>> = { too_many: 429, unknown_reference: 400 };

/** A handler of these routes. */
export function seedAnswered(
  handler: (request: Request, response: Response) => Promise<void> | void,
): RequestHandler {
  return async (request, response) => {
    try {
      await handler(request, response);
    } catch (error) {
      const status = error instanceof RegistryError ? STATUS[error.code] : undefined;
      if (status === undefined || !(error instanceof RegistryError)) throw error;
      throw new HttpProblem(status, error.code, error.message, {}, { cause: error });
    }
  };
}
