import { STATUS_CODES } from "node:http";
import type { Response } from "express";

/** Members of a problem document beside those of RFC 9457. */
export interface ProblemExtras {
  /**
   * What is wrong with which field: `pointer` is a JSON pointer (RFC 6901). Of parameters also the value that was
   * given, cut short, and what was expected.
   */
  errors?: { pointer: string; detail: string; value?: string; expected?: string }[];
  /** Further headers, as `Retry-After`. */
  headers?: Record<string, string>;
  /** Members of its own (RFC 9457 §3.2), as the data product that it is about. */
  members?: Record<string, string>;
}

/**
 * An answer that is not a success. Thrown by a handler it becomes a problem document (RFC 9457). `code` is
 * stable: programs decide by it, people read `detail`.
 */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  readonly code: string;
  readonly extras: ProblemExtras;

  constructor(
    status: number,
    code: string,
    detail: string,
    extras: ProblemExtras = {},
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.status = status;
    this.code = code;
    this.extras = extras;
  }
}

/** Writes the problem document; nothing of the cause is shown. */
export function sendProblem(response: Response, problem: HttpProblem): void {
  const { errors, headers, members } = problem.extras;
  if (headers !== undefined) response.set(headers);
  response
    .status(problem.status)
    .type("application/problem+json")
    .set("Cache-Control", "no-store")
    .send(
      JSON.stringify({
        type: "about:blank",
        title: STATUS_CODES[problem.status] ?? "Error",
        status: problem.status,
        code: problem.code,
        detail: problem.message,
        ...(errors === undefined ? {} : { errors }),
        ...members,
        requestId: response.getHeader("X-Request-Id"),
      }),
    );
}

/** Any error as a problem: those of the body parser by their meaning, unknown ones as 500 without a word. */
export function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const { type, status } = (typeof error === "object" && error !== null ? error : {}) as {
    type?: unknown;
    status?: unknown;
  };
  const cause = { cause: error };
  switch (type) {
    case "entity.parse.failed":
      return new HttpProblem(
        400,
        "malformed_json",
        "the body is not JSON: expected an object or an array",
        {},
        cause,
      );
    case "entity.too.large":
      return new HttpProblem(413, "too_large", "the body is larger than this server takes", {}, cause);
    case "charset.unsupported":
    case "encoding.unsupported":
      return new HttpProblem(415, "unsupported_encoding", "the body must be JSON in UTF-8", {}, cause);
    default:
  }
  if (error instanceof URIError) {
    return new HttpProblem(400, "malformed_path", "the path is not well-formed percent-encoding", {}, cause);
  }
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new HttpProblem(
      status,
      "bad_request",
      STATUS_CODES[status] ?? "the request is malformed",
      {},
      cause,
    );
  }
  return new HttpProblem(
    500,
    "internal",
    "something failed here; the log has it under this request id",
    {},
    cause,
  );
}
