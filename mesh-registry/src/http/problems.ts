import { HttpProblem } from "@fieldmesh/runtime";
import type { RequestHandler } from "express";
import { RegistryError, type RegistryErrorCode } from "../store/registry-error.js";

const STATUS: Readonly<Record<RegistryErrorCode, number>> = {
  not_found: 404,
  exists: 409,
  changed: 412,
  unknown_reference: 422,
  invalid: 422,
  invalid_schema: 422,
  invalid_rule: 422,
  loosening: 409,
  breaking: 409,
  conflict: 409,
  cycle: 409,
  key_reused: 422,
  too_many: 409,
};

const RETRY_SECONDS = 5;
/** Errors of one request that are listed. */
const MAX_ERRORS = 100;

/** What an error says to whoever asked; those that it does not know stay as they are. */
export function toRegistryProblem(error: unknown): unknown {
  if (error instanceof RegistryError) {
    const { code, faults, message } = error;
    const errors = faults.slice(0, MAX_ERRORS).map((fault) => ({ detail: message, ...fault }));
    const extras = errors.length === 0 ? {} : { errors };
    return new HttpProblem(STATUS[code], code, message, extras, { cause: error });
  }
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "query") {
    return new HttpProblem(422, "invalid", "query/after: expected a cursor out of a Link header", {
      errors: [{ pointer: "/after", detail: "expected a cursor out of a Link header" }],
    });
  }
  if (code === "store_away")
    return unavailable("store_away", "the registry's store cannot be reached", error);
  if (code === "write_failed")
    return unavailable("store_failing", "the registry's store takes no writes", error);
  return error;
}

function unavailable(code: string, detail: string, cause: unknown): HttpProblem {
  const extras = { headers: { "Retry-After": String(RETRY_SECONDS) } };
  return new HttpProblem(503, code, `${detail}: try again in ${RETRY_SECONDS} s`, extras, { cause });
}

/** A handler whose refusals by the registry, and faults of the store, become problem documents. */
export function answered(
  handler: (...its: Parameters<RequestHandler>) => Promise<void> | void,
): RequestHandler {
  return async (request, response, next) => {
    try {
      await handler(request, response, next);
    } catch (error) {
      throw toRegistryProblem(error);
    }
  };
}
