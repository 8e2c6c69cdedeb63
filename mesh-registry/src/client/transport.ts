import { MeshError, MeshUnreachableError, type Problem } from "./mesh-error.js";

export interface MeshClientOptions {
  /** Address of the registry, as `http://127.0.0.1:8000`; a path in it is kept, for a registry behind another. */
  url: string | URL;
  /** API key (`fmk_…`) or a user's token. On loopback without sign-in none is needed. */
  key?: string | undefined;
  /** An answer has to be there within this time, ms. Default 30 s. */
  timeoutMs?: number;
  /** How often a request is made again when that is safe. Default 3. */
  retries?: number;
  /** In place of the platform's, for tests and browsers behind a proxy of their own. */
  fetch?: typeof fetch;
}

export interface Call {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  query?: object | undefined;
  body?: unknown;
  /** A body that is not JSON, with its type. */
  text?: { type: string; body: string };
  /** Tag of what is to be changed. */
  ifMatch?: string | undefined;
  accept?: string;
  /** An `Idempotency-Key` goes with it: it may be made again. */
  once?: boolean;
}

const TIMEOUT_MS = 30_000;
const RETRIES = 3;
const FIRST_WAIT_MS = 250;
/** A registry that asks for more is left to the caller. */
const MAX_WAIT_MS = 10_000;

/** Nothing was done when it says so. */
const NOT_DONE: ReadonlySet<number> = new Set([429]);
/** Whether something was done is not known. */
const MAYBE_DONE: ReadonlySet<number> = new Set([502, 503, 504]);

export type Transport = (call: Call) => Promise<Response>;

/** Makes requests of the registry; an answer that is not 2xx is a MeshError. */
export function createTransport(options: MeshClientOptions): Transport {
  const base = new URL(options.url);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  const { timeoutMs = TIMEOUT_MS, retries = RETRIES } = options;
  const ask = options.fetch ?? fetch;

  return async (call) => {
    const url = new URL(call.path.replace(/^\//, ""), base);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const { headers, body } = contentOf(call, options.key);
    const isSafe = call.method === "GET" || call.once === true;
    for (let attempt = 0; ; attempt += 1) {
      const mayRetry = attempt < retries;
      const response = await answerOf(url, { method: call.method, headers, ...body }, isSafe && mayRetry);
      if (response === undefined) {
        await wait(FIRST_WAIT_MS * 2 ** attempt);
        continue;
      }
      if (response.ok) return response;
      const again = NOT_DONE.has(response.status) || (isSafe && MAYBE_DONE.has(response.status));
      const waitMs = waitOf(response) ?? FIRST_WAIT_MS * 2 ** attempt;
      if (!(again && mayRetry && waitMs <= MAX_WAIT_MS)) throw await errorOf(response);
      await response.body?.cancel();
      await wait(waitMs);
    }
  };

  /** Undefined when there was none and it may be asked again. */
  async function answerOf(url: URL, init: RequestInit, mayRetry: boolean): Promise<Response | undefined> {
    try {
      return await ask(url, { ...init, signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
    } catch (cause) {
      const isLate = cause instanceof Error && cause.name === "TimeoutError";
      if (mayRetry && !isLate) return undefined;
      const what = isLate ? `did not answer within ${timeoutMs / 1_000} s` : "cannot be reached";
      throw new MeshUnreachableError(
        isLate ? "timeout" : "unreachable",
        `the registry at ${base.href} ${what}`,
        {
          cause,
        },
      );
    }
  }
}

function contentOf(
  { body, text, ifMatch, accept, once }: Call,
  key: string | undefined,
): { headers: Headers; body: { body?: string } } {
  const headers = new Headers({ Accept: accept ?? "application/json" });
  if (key !== undefined) headers.set("Authorization", `Bearer ${key}`);
  if (ifMatch !== undefined) headers.set("If-Match", ifMatch);
  if (once === true) headers.set("Idempotency-Key", crypto.randomUUID());
  if (text !== undefined) {
    headers.set("Content-Type", text.type);
    return { headers, body: { body: text.body } };
  }
  if (body === undefined) return { headers, body: {} };
  headers.set("Content-Type", "application/json");
  return { headers, body: { body: JSON.stringify(body) } };
}

async function errorOf(response: Response): Promise<MeshError> {
  const text = await response.text();
  return new MeshError(
    problemOf(text) ?? {
      status: response.status,
      code: "http",
      detail: `${new URL(response.url).pathname}: ${response.status} ${response.statusText}`,
    },
  );
}

function problemOf(text: string): Problem | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const isProblem =
      typeof parsed === "object" &&
      parsed !== null &&
      "code" in parsed &&
      "detail" in parsed &&
      "status" in parsed;
    return isProblem ? (parsed as Problem) : undefined;
  } catch {
    return undefined; // another server's page
  }
}

function waitOf(response: Response): number | undefined {
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

/** A random half is taken off, so that many clients do not come back at once. */
function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms * (0.5 + Math.random() / 2)));
}
