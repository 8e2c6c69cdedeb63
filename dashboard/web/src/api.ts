import type { Ack, AlarmView, CommandName, Commands, HttpApi } from "@fieldmesh/protocol";

/** What is wrong with one field of a request: `pointer` is a JSON pointer (RFC 6901). */
export interface FieldFault {
  pointer: string;
  detail: string;
}

/** An answer of the server that is not a success, in words for people (RFC 9457). */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  /** The field of the request that was wrong, where one was. */
  readonly field: string | undefined;
  /** Every field that was wrong, where the server names them. */
  readonly faults: readonly FieldFault[];

  constructor(
    message: string,
    details: {
      code: string;
      status: number;
      field?: string;
      faults?: readonly FieldFault[];
      cause?: unknown;
    },
  ) {
    super(message, { cause: details.cause });
    this.name = "ApiError";
    this.code = details.code;
    this.status = details.status;
    this.field = details.field;
    this.faults = details.faults ?? [];
  }
}

/** Told when an answer says that the session has ended. */
let onSignedOut: () => void = () => {};
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

/** A command waits at the node for up to its own deadline; the server answers before this. */
const DEADLINE_MS = 30_000; // ms

async function request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
  return (await exchange(method, path, { body, signal })).json;
}

/** What goes with a request. */
export interface Sent {
  /** As JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** What is asked of an address under `/api`, with the answer's headers. Errors: {@link ApiError}. */
export async function exchange(
  method: string,
  path: string,
  { body, headers = {}, signal }: Sent = {},
): Promise<{ json: unknown; headers: Headers }> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    const timedOut = cause instanceof DOMException && cause.name === "TimeoutError";
    throw new ApiError(
      timedOut
        ? `The dashboard's server did not answer within ${DEADLINE_MS / 1000} s.`
        : "The dashboard's server cannot be reached.",
      { code: timedOut ? "timeout" : "unreachable", status: 0, cause },
    );
  }
  const text = await bodyOf(response, signal);
  let json: unknown;
  try {
    json = text === "" ? undefined : JSON.parse(text);
  } catch (cause) {
    if (response.ok)
      throw new ApiError("The server's answer is not JSON.", {
        code: "json",
        status: response.status,
        cause,
      });
  }
  if (response.ok) return { json, headers: response.headers };
  if (response.status === 401 && path !== "/api/session") onSignedOut();
  throw problemError(json, response.status);
}

async function bodyOf(response: Response, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ApiError("The server's answer broke off.", { code: "unreachable", status: 0, cause });
  }
}

/** Reads an address under `/api`; what `signal` ends rejects with its reason. Other errors: {@link ApiError}. */
export function read(path: string, signal?: AbortSignal): Promise<unknown> {
  return request("GET", path, undefined, signal);
}

/** Reads a page of a list; `next` is the address of the page that follows, where there is one (RFC 8288). */
export async function readPage(
  path: string,
  signal?: AbortSignal,
): Promise<{ json: unknown; next: string | undefined }> {
  const { json, headers } = await exchange("GET", path, { signal });
  return { json, next: nextOf(headers, path) };
}

/** The address of the page after this one, out of the `Link` header. */
export function nextOf(headers: Headers, path: string): string | undefined {
  const [, next] = /<([^>]+)>\s*;[^,]*\brel="?next"?/.exec(headers.get("link") ?? "") ?? [];
  if (next === undefined) return undefined;
  const url = new URL(next, location.origin + path);
  return url.pathname + url.search;
}

function problemError(json: unknown, status: number): ApiError {
  const problem = typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  const text = (name: string): string | undefined => {
    const value = problem[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const field = text("field");
  return new ApiError(text("detail") ?? text("title") ?? `The server answered with status ${status}.`, {
    code: text("code") ?? String(status),
    status,
    ...(field === undefined ? {} : { field }),
    faults: faultsOf(problem["errors"]),
  });
}

function faultsOf(errors: unknown): FieldFault[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((error: unknown) => {
    if (typeof error !== "object" || error === null) return [];
    const { pointer, detail } = error as Record<string, unknown>;
    return typeof detail === "string"
      ? [{ pointer: typeof pointer === "string" ? pointer : "", detail }]
      : [];
  });
}

const part = encodeURIComponent;

/** Each method's errors are {@link ApiError}s. The server is ours and of the same version: answers are typed as the contract has them. */
export const api = {
  session: () => request("GET", "/api/session") as Promise<HttpApi["session"]>,
  signIn: (name: string, password: string) =>
    request("POST", "/api/session", { name, password }) as Promise<{
      user: NonNullable<HttpApi["session"]["user"]>;
    }>,
  signOut: () => request("DELETE", "/api/session"),
  acknowledge: (alarm: AlarmView, note: string) =>
    request("POST", "/api/acks", {
      key: alarm.key,
      boot: alarm.event.boot,
      seq: alarm.event.seq,
      ...(note === "" ? {} : { note }),
    }) as Promise<Ack>,
  command: <N extends CommandName>(
    node: { domain: string; node: string },
    name: N,
    args: Commands[N]["args"],
  ) =>
    request("POST", "/api/commands", { domain: node.domain, node: node.node, name, args }) as Promise<
      Commands[N]["result"]
    >,
  removeNode: (domain: string, node: string) => request("DELETE", `/api/nodes/${part(domain)}/${part(node)}`),
  removeSensor: (domain: string, node: string, sensor: string) =>
    request("DELETE", `/api/nodes/${part(domain)}/${part(node)}/sensors/${part(sensor)}`),
  testChannel: (name: string) => request("POST", `/api/channels/${part(name)}/test`),
};
