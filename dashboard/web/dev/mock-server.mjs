// A dashboard server that makes everything up: the browser app can be worked on, photographed and measured
// without a broker. It speaks protocol/src/frames.ts and serves the built app under the real security headers.
//
//   node dashboard/web/dev/mock-server.mjs [--port 3300] [--streams 2000] [--rate 10] [--quiet] [--sign-in]
//
// --streams N   N made-up streams on nodes of 50 instead of the two nodes of `npm start`
// --rate N      readings per second of each of the made-up streams (default 1)
// --quiet       no alarms, no bad readings, no gaps
// --no-history  no historian behind it
// --registry URL  a registry behind it
// --hostile     markup in names and messages
//
// `POST /mock/historian/away` and `/mock/historian/here` take the historian away and bring it back.
//
// --app FOLDER  the built app (default dist/app)
// --sign-in     asks for a name (viewer, operator or admin) and a password (any of 4 characters and more)
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { parseArgs } from "node:util";
import { Server } from "socket.io";
import { MockHistory } from "./mock-history.mjs";
import { World } from "./mock-world.mjs";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "3300" },
    streams: { type: "string", default: "0" },
    rate: { type: "string", default: "1" },
    quiet: { type: "boolean", default: false },
    "sign-in": { type: "boolean", default: false },
    "no-history": { type: "boolean", default: false },
    registry: { type: "string" },
    hostile: { type: "boolean", default: false },
    app: { type: "string", default: join(import.meta.dirname, "../dist/app") },
  },
});

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const world = new World({
  streams: Number(options.streams),
  ratePerS: Number(options.rate),
  quiet: options.quiet,
  hostile: options.hostile,
  hasHistory: !options["no-history"],
  hasMesh: options.registry !== undefined,
});
const past = new MockHistory(world);
const sessions = new Map();
const required = options["sign-in"];

const userOf = (cookie = "") => {
  const id = /session=([\w-]+)/.exec(cookie)?.[1];
  return sessions.get(id) ?? (required ? null : { name: "local", role: "admin" });
};

const http = createServer((request, response) => void answer(request, response));

async function answer(request, response) {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (pathname.startsWith("/socket.io")) return;
  try {
    if (pathname.startsWith("/mock/historian/")) {
      past.away = pathname.endsWith("/away");
      return json(response, 204);
    }
    if (pathname.startsWith("/api/")) await answerApi(request, response, pathname);
    else await serveApp(response, pathname);
  } catch (error) {
    problem(response, 500, "internal", String(error));
  }
}

async function serveApp(response, pathname) {
  const file = extname(pathname) === "" ? "/index.html" : pathname;
  if (!/^[\w./-]+$/.test(file) || file.includes(".."))
    return problem(response, 404, "not-found", "No such file.");
  const body = await readFile(join(options.app, file)).catch(() => undefined);
  if (body === undefined) return problem(response, 404, "not-found", "No such file.");
  response.writeHead(200, {
    "content-type": TYPES[extname(file)] ?? "application/octet-stream",
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "cache-control": file.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
  });
  response.end(body);
}

function json(response, status, body, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body === undefined ? "" : JSON.stringify(body));
}

function problem(response, status, code, detail, field) {
  json(response, status, { type: "about:blank", title: code, status, code, detail, field });
}

async function answerApi(request, response, pathname) {
  let text = "";
  for await (const chunk of request) text += chunk;
  const body = text === "" ? {} : JSON.parse(text);
  const user = userOf(request.headers.cookie);
  const route = `${request.method} ${pathname}`;
  if (route === "GET /api/session") return json(response, 200, { user, required });
  if (route === "POST /api/session") {
    if (!["viewer", "operator", "admin"].includes(body.name) || String(body.password).length < 4)
      return problem(response, 401, "credentials", "Name or password is wrong.");
    const id = randomUUID();
    sessions.set(id, { name: body.name, role: body.name });
    return json(
      response,
      200,
      { user: sessions.get(id) },
      { "set-cookie": `session=${id}; HttpOnly; SameSite=Strict; Path=/` },
    );
  }
  if (user === null) return problem(response, 401, "signed-out", "Sign in first.");
  if (pathname.startsWith("/api/history/")) return answerHistory(request, response);
  if (pathname.startsWith("/api/mesh/")) return answerMesh(request, response, text);
  if (route === "DELETE /api/session") {
    sessions.clear();
    return json(response, 204, undefined, { "set-cookie": "session=; Max-Age=0; Path=/" });
  }
  if (route === "POST /api/acks") return json(response, 200, world.acknowledge(body, user.name));
  if (route === "POST /api/commands") {
    const answer = world.command(body);
    return answer.ok
      ? json(response, 200, answer.result)
      : problem(response, 422, answer.code, answer.message, answer.field);
  }
  const removal = /^DELETE \/api\/nodes\/([^/]+)\/([^/]+)$/.exec(route);
  if (removal !== null) return json(response, 200, world.remove(removal[1], removal[2]));
  if (/^POST \/api\/channels\/[^/]+\/test$/.test(route)) {
    return route.includes("phone")
      ? json(response, 200, { ok: true })
      : problem(response, 502, "channel", "smtp.example.org:587 did not answer within 10 s.");
  }
  return problem(response, 404, "not-found", `No ${route}.`);
}

/** Passed on as the dashboard's server does, by whoever sits at this machine. */
async function answerMesh(request, response, text) {
  const { registry } = options;
  if (registry === undefined) return problem(response, 404, "no_registry", "This dashboard has no registry.");
  const names = ["accept", "content-type", "if-match", "idempotency-key"];
  const headers = names.flatMap((name) =>
    request.headers[name] === undefined ? [] : [[name, request.headers[name]]],
  );
  let answer;
  try {
    answer = await fetch(registry + request.url.slice("/api/mesh".length), {
      method: request.method,
      headers,
      ...(text === "" ? {} : { body: text }),
    });
  } catch (error) {
    return problem(response, 503, "registry_away", `the registry cannot be reached: ${error.message}`);
  }
  const passed = ["content-type", "etag", "x-total-count", "location"].flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  const link = answer.headers.get("link");
  if (link !== null) passed.push(["link", link.replaceAll("</", "</api/mesh/")]);
  response.writeHead(answer.status, Object.fromEntries(passed));
  response.end(await answer.text());
}

function answerHistory(request, response) {
  if (options["no-history"])
    return problem(response, 404, "no_historian", "This dashboard has no historian.");
  const found = past.answer(request.method, new URL(request.url, "http://localhost"));
  if (found === undefined) return problem(response, 404, "not-found", `No ${request.url}.`);
  const { status, type, link } = found;
  response.writeHead(status, { "content-type": type, ...(link === undefined ? {} : { link }) });
  response.end(found.body);
}

const io = new Server(http, { pingInterval: 5_000, pingTimeout: 5_000 });
io.use((socket, next) => {
  next(userOf(socket.handshake.headers.cookie) === null ? new Error("unauthorized") : undefined);
});
io.on("connection", (socket) => {
  const user = userOf(socket.handshake.headers.cookie);
  socket.emit("hello", world.hello(user));
  socket.emit("catalogue", world.catalogue());
  socket.emit("alarms", world.alarms());
  socket.emit("dropped", world.dropped());
  /** name -> index of the next entry to send */
  let cursors = new Map();
  let inFlight = false;
  socket.on("show", ({ streams }) => {
    cursors = new Map(
      streams.map(({ name, n }) => [name, cursors.get(name) ?? (n === undefined ? undefined : n + 1)]),
    );
  });
  const timer = setInterval(() => {
    if (inFlight) return;
    const frame = world.frame(cursors);
    if (frame === undefined) return;
    inFlight = true;
    socket.emit("frame", frame, () => {
      inFlight = false;
    });
  }, 50);
  socket.on("disconnect", () => clearInterval(timer));
});
world.begin({
  catalogue: (message) => io.emit("catalogue", message),
  alarms: (message) => io.emit("alarms", message),
});
http.listen(Number(options.port), "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${http.address().port}\n`);
});
