import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  type RequestOptions,
  request as sendHttp,
} from "node:http";
import { Agent as HttpsAgent, request as sendHttps } from "node:https";
import { pipeline } from "node:stream/promises";
import {
  clientKey,
  HttpProblem,
  liftBodyDeadline,
  type Principal,
  principalOf,
  type SignIn,
  sessionCookiesOf,
} from "@fieldmesh/runtime";
import { type Request, type RequestHandler, type Response, Router } from "express";

export interface HistoryForwardingOptions {
  signIn: Pick<SignIn, "requireRole">;
  /** `HISTORIAN_URL`; undefined: there is no historian. */
  historian: URL | undefined;
  /** For an answer to begin. Default 15 s: the historian waits for its store for 5. */
  answerMs?: number;
  /** Without a byte either way. Default 60 s. */
  idleMs?: number;
}

export const HISTORY_PATH = "/api/history";
const ANSWER_MS = 15_000;
const IDLE_MS = 60_000;
/** Charts of several people, and files in and out; past it requests wait for a connection. */
const MAX_CONNECTIONS = 64;
const MAX_PATH = 8_192; // characters

/** Whatever else a browser sends is between it and us. */
const REQUEST_HEADERS = [
  "accept",
  "content-type",
  "content-length",
  "content-encoding",
  "if-match",
  "if-none-match",
] as const;
const ANSWER_HEADERS = [
  "allow",
  "cache-control",
  "content-disposition",
  "content-length",
  "content-type",
  "etag",
  "link",
  "retry-after",
  "vary",
  "www-authenticate",
  "x-accel-buffering",
] as const;

export interface HistoryForwarding {
  router: Router;
  close(): void;
}

/**
 * Passes `/api/history` on to the historian, both ways as it comes, with the credential of whoever asks. Who that is
 * was found out here first: a request that did not come from this machine itself, or came through a proxy, is marked as
 * passed on, so that the historian never takes it for one of its own machine's.
 */
export function createHistoryForwarding(options: HistoryForwardingOptions): HistoryForwarding {
  const { historian } = options;
  const router = Router();
  const paths = [HISTORY_PATH, `${HISTORY_PATH}/*rest`];
  const viewer = options.signIn.requireRole("viewer");
  if (historian === undefined) {
    router.all(paths, viewer, () => {
      throw new HttpProblem(404, "no_historian", "there is no historian here: HISTORIAN_URL is not set");
    });
    return { router, close: () => {} };
  }
  const upstream = upstreamOf(historian);
  router.all(paths, viewer, forward({ ...options, historian }, upstream));
  return { router, close: () => upstream.agent.destroy() };
}

interface Upstream {
  agent: HttpAgent;
  send: (options: RequestOptions) => ClientRequest;
}

function upstreamOf({ protocol }: URL): Upstream {
  const options = { keepAlive: true, maxSockets: MAX_CONNECTIONS };
  return protocol === "https:"
    ? { agent: new HttpsAgent(options), send: sendHttps }
    : { agent: new HttpAgent(options), send: sendHttp };
}

function forward(
  options: HistoryForwardingOptions & { historian: URL },
  { agent, send }: Upstream,
): RequestHandler {
  const { historian, answerMs = ANSWER_MS, idleMs = IDLE_MS } = options;
  return async (request, response) => {
    const { protocol, hostname, port } = historian;
    const to: RequestOptions = {
      agent,
      protocol,
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
      path: pathOf(request, historian),
      method: request.method,
      headers: headersOf(request, response, historian),
    };
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const putBack = liftBodyDeadline(request);
    try {
      const limits = { answerMs, idleMs, gone: gone.signal };
      const answer = await exchange(request, () => send(to), limits);
      copyHead(answer, response);
      await pipeline(answer, response);
    } catch (error) {
      if (gone.signal.aborted) return; // nobody waits for it
      throw error instanceof HttpProblem ? error : away(error);
    } finally {
      putBack();
    }
  };
}

interface Limits {
  answerMs: number;
  idleMs: number;
  gone: AbortSignal;
}

/** Sends the request with its body, and resolves with the answer as soon as that begins, which may be before its end. */
async function exchange(
  request: Request,
  send: () => ClientRequest,
  limits: Limits,
): Promise<IncomingMessage> {
  const sent = send();
  try {
    return await answerOf(request, sent, limits);
  } catch (error) {
    // A connection that was kept was closed at the other end in the same moment: not the historian's fault.
    const isStale = sent.reusedSocket && isReset(error) && !limits.gone.aborted;
    if (!isStale || !["GET", "HEAD"].includes(request.method)) throw error;
    return await answerOf(request, send(), limits);
  }
}

function answerOf(
  request: Request,
  sent: ClientRequest,
  { answerMs, idleMs, gone }: Limits,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let late: NodeJS.Timeout | undefined;
    const onGone = (): void => void sent.destroy(new Error("whoever asked has gone"));
    gone.addEventListener("abort", onGone);
    sent.setTimeout(idleMs, () => sent.destroy(slow()));
    sent.once("finish", () => {
      late = setTimeout(() => sent.destroy(slow()), answerMs);
    });
    sent.once("response", (answer) => {
      clearTimeout(late);
      late = undefined;
      sent.removeAllListeners("finish");
      resolve(answer);
    });
    sent.once("close", () => {
      clearTimeout(late);
      gone.removeEventListener("abort", onGone);
      // Not `pipeline`: that would close the connection on which the answer still has to go back.
      request.unpipe(sent).resume();
    });
    sent.on("error", reject);
    request.pipe(sent);
  });
}

/** As it came, byte for byte; anything that could be read as another place is refused. */
function pathOf(request: Request, historian: URL): string {
  const { originalUrl } = request;
  const [path = ""] = originalUrl.split("?", 1);
  const isPlain = /^\/api\/history(?:\/[A-Za-z0-9._~-]+)*\/?$/.test(path);
  if (!isPlain || path.split("/").some((part) => part === "." || part === "..")) {
    throw new HttpProblem(404, "not_found", "there is no such part of the interface");
  }
  if (originalUrl.length > MAX_PATH) {
    throw new HttpProblem(414, "too_long", `the address is longer than ${MAX_PATH} characters`);
  }
  return `${historian.pathname.replace(/\/$/, "")}${originalUrl}`;
}

function headersOf(request: Request, response: Response, historian: URL): Record<string, string> {
  const headers: Record<string, string> = { host: historian.host };
  for (const name of REQUEST_HEADERS) {
    const value = request.get(name);
    if (value !== undefined) headers[name] = value;
  }
  const requestId = response.getHeader("X-Request-Id");
  if (typeof requestId === "string") headers["x-request-id"] = requestId;
  const principal: Principal = principalOf(response);
  // Whoever is at this machine itself needs no credential, there as little as here; and has none to be passed on.
  if (principal.via === "local") return headers;
  headers["x-forwarded-for"] = clientKey(request.headers, request.socket.remoteAddress);
  const { authorization } = request.headers;
  const cookie = sessionCookiesOf(request.headers);
  if (principal.via === "token" && authorization !== undefined) headers["authorization"] = authorization;
  if (principal.via === "session" && cookie !== undefined) headers["cookie"] = cookie;
  return headers;
}

function copyHead(answer: IncomingMessage, response: Response): void {
  response.status(answer.statusCode ?? 502);
  for (const name of ANSWER_HEADERS) {
    const value = answer.headers[name];
    if (value !== undefined) response.setHeader(name, value);
  }
}

function isReset(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNRESET";
}

function slow(): HttpProblem {
  return new HttpProblem(504, "historian_slow", "the historian does not answer in time: try again", {
    headers: { "Retry-After": "5" },
  });
}

/** The code tells a closed port from a name that is not known or a certificate that does not hold. */
function away(cause: unknown): HttpProblem {
  const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  const detail = `the historian does not answer${code}: it is not running, or HISTORIAN_URL is wrong`;
  return new HttpProblem(502, "historian_away", detail, { headers: { "Retry-After": "5" } }, { cause });
}
