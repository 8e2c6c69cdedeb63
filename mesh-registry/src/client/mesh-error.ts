/** A field that is at fault, as the registry tells it (RFC 9457, RFC 6901). */
export interface FieldError {
  pointer: string;
  detail: string;
  value?: string;
  expected?: string;
  position?: { line: number; column: number; offset: number };
}

/** A problem document of the registry (RFC 9457). */
export interface Problem {
  type?: string;
  title?: string;
  status: number;
  code: string;
  detail: string;
  errors?: FieldError[];
  requestId?: string;
}

/** The registry refused, or could not do what it was asked for. Programs decide by `code`. */
export class MeshError extends Error {
  override readonly name = "MeshError";
  /** `not_found`, `exists`, `changed`, `invalid`, `breaking`, `not_yours`, … */
  readonly code: string;
  /** Of the answer. */
  readonly status: number;
  readonly errors: readonly FieldError[];
  /** Under which it is in the registry's log. */
  readonly requestId: string | undefined;

  constructor({ code, detail, status, errors = [], requestId }: Problem) {
    super(detail);
    this.code = code;
    this.status = status;
    this.errors = errors;
    this.requestId = requestId;
  }
}

/** There was no answer: nobody is there, or not in time. `code` is `unreachable` or `timeout`. */
export class MeshUnreachableError extends Error {
  override readonly name = "MeshUnreachableError";
  readonly code: "unreachable" | "timeout";

  constructor(code: "unreachable" | "timeout", message: string, options: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
