import { randomUUID } from "node:crypto";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from "express";
import helmet from "helmet";
import type { Log } from "../log.js";
import { type AllowedHosts, checkOrigin } from "./allowed-hosts.js";
import { bodyDeadline } from "./body-deadline.js";
import { crossOrigin, withoutAllowed } from "./cross-origin.js";
import { HttpProblem, sendProblem, toProblem } from "./problem.js";
import { resource } from "./resource.js";

export interface HttpAppOptions {
  log: Log;
  hosts: AllowedHosts;
  /** Pages of other origins that may call with a token of their own: CORS, without cookies. */
  allowedOrigins?: readonly string[];
  /** Whether browsers reach it over https: adds HSTS. */
  https?: boolean;
  /** Adds the routes; what they do not answer is a 404. They come after every check of the request itself. */
  routes: (router: Router) => void;
  /** Largest JSON body, in bytes. Default 64 KiB. */
  maxBodyBytes?: number;
  /** Bodies of requests below these paths are left to their routes, unread. */
  unreadBelow?: readonly string[];
  /** A body has to be here within this time, unless its route lifts the limit. Default 30 s. */
  bodyMs?: number;
  /** Directives of the Content-Security-Policy that differ from the strict default, by their CSP name. */
  contentSecurityPolicy?: Record<string, string[]>;
  /** `GET /healthz`: `{status: "ok"}` with 200, or `"failing"` with 503; the rest of it is shown to anyone. */
  health?: () => Promise<{ ok: boolean } & Record<string, unknown>>;
}

const BODY_MS = 30_000;

/** Nothing from elsewhere, nothing inline, no frames, no plugins. */
const STRICT_POLICY: Record<string, string[]> = {
  "default-src": ["'none'"],
  "script-src": ["'self'"],
  "style-src": ["'self'"],
  "img-src": ["'self'", "data:"],
  "font-src": ["'self'"],
  "connect-src": ["'self'"],
  "manifest-src": ["'self'"],
  "worker-src": ["'self'"],
  "base-uri": ["'none'"],
  "form-action": ["'self'"],
  "frame-ancestors": ["'none'"],
};

/**
 * An Express application with what every service's HTTP needs: request ids, security headers, checks of Host
 * and Origin, bounded JSON bodies, `/healthz`, and problem documents for everything that goes wrong.
 */
export function createHttpApp(options: HttpAppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("trust proxy", false); // who asks is decided by sign-in, and never by X-Forwarded-For
  app.set("query parser", "simple"); // no nested objects out of a query
  app.use(requestId);
  app.use(securityHeaders(options));
  const origins = new Set(options.allowedOrigins);
  if (origins.size > 0) app.use(crossOrigin(origins));
  app.use(hostCheck(options.hosts, origins));
  app.use(bodyDeadline(options.bodyMs ?? BODY_MS));
  const { health } = options;
  if (health !== undefined) {
    resource(app, "/healthz", {
      get: async (_request, response) => {
        const { ok, ...details } = await health();
        response.status(ok ? 200 : 503).set("Cache-Control", "no-store");
        response.json({ status: ok ? "ok" : "failing", ...details });
      },
    });
  }
  app.use(jsonBodies(options));
  options.routes(app);
  app.use((request) => {
    throw new HttpProblem(404, "not_found", `there is nothing at ${request.path.slice(0, 200)}`);
  });
  app.use(errorHandler(options.log));
  return app;
}

/** Takes the caller's id where it is one, so that an error can be followed through two services. */
const requestId: RequestHandler = (request, response, next) => {
  const { "x-request-id": given } = request.headers;
  const id = typeof given === "string" && /^[\w-]{8,64}$/.test(given) ? given : randomUUID();
  response.setHeader("X-Request-Id", id);
  next();
};

function jsonBodies({ maxBodyBytes = 65_536, unreadBelow = [] }: HttpAppOptions): RequestHandler {
  const read = express.json({ limit: maxBodyBytes, type: ["application/json", "application/*+json"] });
  if (unreadBelow.length === 0) return read;
  return (request, response, next) => {
    if (unreadBelow.some((path) => request.path.startsWith(`${path}/`))) next();
    else read(request, response, next);
  };
}

/** The same for every answer: worked out once. */
function securityHeaders(options: HttpAppOptions): RequestHandler {
  const work = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { ...STRICT_POLICY, ...options.contentSecurityPolicy },
    },
    strictTransportSecurity: options.https === true ? { maxAge: 15_552_000 } : false, // 180 days, in seconds
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: "deny" },
  });
  const example = new ServerResponse(new IncomingMessage(new Socket()));
  work(example.req, example, () => undefined);
  const headers = Object.entries(example.getHeaders()).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return (_request, response, next) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  };
}

function hostCheck(hosts: AllowedHosts, origins: ReadonlySet<string>): RequestHandler {
  return (request, _response, next) => {
    const verdict = checkOrigin(withoutAllowed(request.headers, origins), hosts, request.method);
    if (verdict.ok) return next();
    if (verdict.cause === "host") throw new HttpProblem(421, "host_not_allowed", verdict.detail);
    throw new HttpProblem(403, "origin_not_allowed", verdict.detail);
  };
}

function errorHandler(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem = toProblem(error);
    if (problem.status >= 500) {
      const requestId = response.getHeader("X-Request-Id");
      log.error({ err: error, requestId, method: request.method, path: request.path }, "a request failed");
    }
    // Too late for an answer: Express closes the connection.
    if (response.headersSent) return next(error);
    sendProblem(response, problem);
  };
}
