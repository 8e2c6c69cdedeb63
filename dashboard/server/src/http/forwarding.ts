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

/** A service that browsers reach through this one's origin. */
export interface ForwardedService {
  /** As people call it. */
  name: string;
  /** Begins the codes of its problems. */
  code: string;
  /** The environment's variable that says where it is. */
  variable: string;
  /** Where it is to be found here. */
  path: string;
  /** The same there; without a `/` at its end. */
  upstreamPath: string;
}

export interface ForwardingOptions {
  signIn: Pick<SignIn, "requireRole">;
  /** Where the service is; undefined: there is none. */
  to: URL | undefined;
  /** For an answer to begin. Default 15 s: services wait for their store for 5. */
  answerMs?: number;
  /** Without a byte either way. Default 60 s. */
  idleMs?: number;
}

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
  "idempotency-key",
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
  "idempotency-replayed",
  "retry-after",
  "vary",
  "www-authenticate",
  "x-accel-buffering",
  "x-total-count",
] as const;

export interface Forwarding {
  router: Router;
  close(): void;
}

/**
 * Passes what is below the service's path on to it, both ways as it comes, with the credential of whoever asks. Who
 * that is was found out here first: a request that did not come from this machine itself, or came through a proxy, is
 * marked as passed on, so that the service never takes it for one of its own machine's.
 */
export function createForwarding(service: ForwardedService, options: ForwardingOptions): Forwarding {
  const { to } = options;
  const router = Router();
  const paths = [service.path, `${service.path}/*rest`];
  const viewer = options.signIn.requireRole("viewer");
  if (to === undefined) {
    router.all(paths, viewer, () => {
      const detail = `there is no ${service.name} here: ${service.variable} is not set`;
      throw new HttpProblem(404, `no_${service.code}`, detail);
    });
    return { router, close: () => {} };
  }
  const upstream = upstreamOf(to);
  router.all(paths, viewer, forward(service, { ...options, to }, upstream));
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
  service: ForwardedService,
  options: ForwardingOptions & { to: URL },
  { agent, send }: Upstream,
): RequestHandler {
  const { to, answerMs = ANSWER_MS, idleMs = IDLE_MS } = options;
  return async (request, response) => {
    const { protocol, hostname, port } = to;
    const asked: RequestOptions = {
      agent,
      protocol,
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
      path: pathOf(request, service, to),
      method: request.method,
      headers: headersOf(request, response, to),
    };
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const putBack = liftBodyDeadline(request);
    try {
      const limits = { answerMs, idleMs, gone: gone.signal, slow: () => slow(service) };
      const answer = await exchange(request, () => send(asked), limits);
      copyHead(answer, response, service);
      await pipeline(answer, response);
    } catch (error) {
      if (gone.signal.aborted) return; // nobody waits for it
      throw error instanceof HttpProblem ? error : away(service, error);
    } finally {
      putBack();
    }
  };
}

interface Limits {
  answerMs: number;
  idleMs: number;
  gone: AbortSignal;
  slow: () => HttpProblem;
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
    // A connection that was kept was closed at the other end in the same moment: not the service's fault.
    const isStale = sent.reusedSocket && isReset(error) && !limits.gone.aborted;
    if (!isStale || !["GET", "HEAD"].includes(request.method)) throw error;
    return await answerOf(request, send(), limits);
  }
}

function answerOf(
  request: Request,
  sent: ClientRequest,
  { answerMs, idleMs, gone, slow }: Limits,
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
function pathOf(request: Request, { path: own, upstreamPath }: ForwardedService, to: URL): string {
  const { originalUrl } = request;
  const [path = ""] = originalUrl.split("?", 1);
  const isPlain = path.startsWith(own) && /^(?:\/[A-Za-z0-9._~-]+)*\/?$/.test(path.slice(own.length));
  if (!isPlain || path.split("/").some((part) => part === "." || part === "..")) {
    throw new HttpProblem(404, "not_found", "there is no such part of the interface");
  }
  if (originalUrl.length > MAX_PATH) {
    throw new HttpProblem(414, "too_long", `the address is longer than ${MAX_PATH} characters`);
  }
  return `${to.pathname.replace(/\/$/, "")}${upstreamPath}${originalUrl.slice(own.length)}`;
}

function headersOf(request: Request, response: Response, to: URL): Record<string, string> {
  const headers: Record<string, string> = { host: to.host };
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

function copyHead(answer: IncomingMessage, response: Response, service: ForwardedService): void {
  response.status(answer.statusCode ?? 502);
  for (const name of ANSWER_HEADERS) {
    const value = answer.headers[name];
    if (value !== undefined) response.setHeader(name, value);
  }
  const { link, location } = answer.headers;
  if (typeof link === "string")
    response.setHeader(
      "link",
      link.replace(/<([^>]*)>/g, (_, to: string) => `<${hither(to, service)}>`),
    );
  if (location !== undefined) response.setHeader("location", hither(location, service));
}

/** Where a path of the service is to be found here. */
function hither(to: string, { path, upstreamPath }: ForwardedService): string {
  return to.startsWith(`${upstreamPath}/`) ? `${path}${to.slice(upstreamPath.length)}` : to;
}

function isReset(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNRESET";
}

function slow({ name, code }: ForwardedService): HttpProblem {
  return new HttpProblem(504, `${code}_slow`, `the ${name} does not answer in time: try again`, {
    headers: { "Retry-After": "5" },
  });
}

/** The code tells a closed port from a name that is not known or a certificate that does not hold. */
function away({ name, code, variable }: ForwardedService, cause: unknown): HttpProblem {
  const why = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  const detail = `the ${name} does not answer${why}: it is not running, or ${variable} is wrong`;
  return new HttpProblem(502, `${code}_away`, detail, { headers: { "Retry-After": "5" } }, { cause });
}
