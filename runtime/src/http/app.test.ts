import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import type { Request, Response } from "express";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createLog } from "../log.js";
import { ConfigurationError } from "../process/exit.js";
import { createHttpApp, type HttpAppOptions } from "./app.js";
import { liftBodyDeadline } from "./body-deadline.js";
import { type HttpListener, listen } from "./listen.js";
import { HttpProblem } from "./problem.js";
import { parseBody } from "./request-body.js";
import { resource } from "./resource.js";
import { readTls } from "./tls-files.js";

const log = createLog("test", { level: "silent" });

const listeners: HttpListener[] = [];
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: Record<string, unknown>;
}

async function start(options: Partial<HttpAppOptions> = {}): Promise<HttpListener> {
  const lines: string[] = [];
  const app = createHttpApp({
    log: createLog("test", { level: "error", destination: { write: (line) => lines.push(line) } }),
    hosts: {},
    health: () => Promise.resolve({ ok: true, version: "1" }),
    routes: (router) => {
      resource(router, "/things/:id", {
        get: (request, response) => void response.json({ id: request.params["id"] }),
        post: (request, response) => {
          const body = parseBody(request, z.object({ name: z.string(), list: z.array(z.number()) }).strict());
          response.status(201).json(body);
        },
      });
      resource(router, "/fails", {
        get: () => {
          throw new Error("secret detail");
        },
      });
      resource(router, "/refuses", {
        get: async () => {
          await Promise.resolve();
          throw new HttpProblem(409, "conflict", "it changed", { headers: { "Retry-After": "1" } });
        },
      });
    },
    ...options,
  });
  const listener = await listen(app, { host: "127.0.0.1", port: 0, variable: "DASHBOARD_PORT", log });
  listeners.push(listener);
  return listener;
}

async function ask(
  listener: HttpListener,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  const request = httpRequest({
    host: "127.0.0.1",
    port: listener.port,
    path,
    method: options.method ?? "GET",
    headers: { host: `localhost:${listener.port}`, ...options.headers },
  });
  request.end(options.body);
  const [response] = await once(request, "response");
  let text = "";
  for await (const chunk of response) text += String(chunk);
  let json: Record<string, unknown> = {};
  try {
    json = JSON.parse(text);
  } catch {
    // not JSON
  }
  return { status: response.statusCode, headers: response.headers, text, json };
}

const JSON_TYPE = { "content-type": "application/json" };

describe("createHttpApp", () => {
  it("answers health and routes, with a request id", async () => {
    const listener = await start();
    const health = await ask(listener, "/healthz", { headers: { "x-request-id": "from-a-proxy-1" } });
    expect(health).toMatchObject({ status: 200, json: { status: "ok", version: "1" } });
    expect(health.headers["x-request-id"]).toBe("from-a-proxy-1");
    const thing = await ask(listener, "/things/7", { headers: { "x-request-id": "<script>" } });
    expect(thing).toMatchObject({ status: 200, json: { id: "7" } });
    expect(thing.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("says 503 when it is not well", async () => {
    const listener = await start({ health: () => Promise.resolve({ ok: false }) });
    expect((await ask(listener, "/healthz")).status).toBe(503);
  });

  it("sends a strict policy and no trace of Express", async () => {
    const listener = await start();
    const { headers } = await ask(listener, "/healthz");
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(headers["content-security-policy"]).not.toContain("unsafe");
    expect(headers["content-security-policy"]).not.toContain("upgrade-insecure-requests");
    expect(headers["x-powered-by"]).toBeUndefined();
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["x-frame-options"]).toBe("DENY");
    expect(headers["strict-transport-security"]).toBeUndefined();
    const secure = await start({ https: true });
    expect((await ask(secure, "/healthz")).headers["strict-transport-security"]).toContain("max-age");
  });

  it("refuses foreign hosts and origins before any route", async () => {
    const listener = await start();
    expect(await ask(listener, "/healthz", { headers: { host: "evil.example" } })).toMatchObject({
      status: 421,
      json: { code: "host_not_allowed" },
    });
    expect(await ask(listener, "/things/7", { headers: { origin: "https://evil.example" } })).toMatchObject({
      status: 403,
      json: { code: "origin_not_allowed" },
    });
  });

  it.each([
    ["an unknown path", "/nothing", {}, 404, "not_found"],
    ["another method", "/things/7", { method: "DELETE" }, 405, "method_not_allowed"],
    ["malformed JSON", "/things/7", { method: "POST", headers: JSON_TYPE, body: "{" }, 400, "malformed_json"],
    [
      "a string as JSON",
      "/things/7",
      { method: "POST", headers: JSON_TYPE, body: '"x"' },
      400,
      "malformed_json",
    ],
    [
      "no JSON",
      "/things/7",
      { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" },
      415,
      "not_json",
    ],
    [
      "another charset",
      "/things/7",
      { method: "POST", headers: { "content-type": "application/json; charset=koi8" }, body: "{}" },
      415,
      "unsupported_encoding",
    ],
    [
      "too much",
      "/things/7",
      { method: "POST", headers: JSON_TYPE, body: `{"name":"${"x".repeat(70_000)}"}` },
      413,
      "too_large",
    ],
    ["a malformed path", "/things/%E0%A4%A", {}, 400, "malformed_path"],
    ["a handler's problem", "/refuses", {}, 409, "conflict"],
    ["a handler's fault", "/fails", {}, 500, "internal"],
  ])("answers %s with a problem document", async (_what, path, options, status, code) => {
    const listener = await start();
    const answer = await ask(listener, path, options);
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(answer.json).toMatchObject({ type: "about:blank", status, code });
    expect(answer.json["detail"]).toBeTypeOf("string");
    expect(answer.json["requestId"]).toBe(answer.headers["x-request-id"]);
    expect(answer.text).not.toContain("secret detail");
    expect(answer.text).not.toContain(".js:");
  });

  it("names the methods of a path, and the fields of a body that are wrong", async () => {
    const listener = await start();
    expect((await ask(listener, "/things/7", { method: "PUT" })).headers.allow).toBe("GET, HEAD, POST");
    expect((await ask(listener, "/things/7", { method: "OPTIONS" })).status).toBe(204);
    expect((await ask(listener, "/things/7", { method: "HEAD" })).status).toBe(200);
    const body = JSON.stringify({ name: 1, list: [1, "2"], more: true });
    const answer = await ask(listener, "/things/7", { method: "POST", headers: JSON_TYPE, body });
    expect(answer.status).toBe(422);
    const pointers = (answer.json["errors"] as { pointer: string }[]).map((error) => error.pointer);
    expect(pointers).toEqual(["/name", "/list/1", ""]);
  });
});

describe("a body that comes slowly", () => {
  /** Sends the head of a request and half of its body; the other half when it is told that the route has begun. */
  async function slowly(listener: HttpListener, path: string, rest?: string): Promise<string> {
    const socket = connect(listener.port, "127.0.0.1");
    socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345`);
    let text = "";
    let owed = rest;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("begun") && owed !== undefined) {
        socket.write(owed);
        owed = undefined;
      }
      if (text.includes("whole")) socket.end();
    });
    await once(socket, "close");
    return text;
  }

  it("is waited for as long as it may take, and then refused", async () => {
    const listener = await start({
      bodyMs: 50,
      routes: (router) => void router.post("/read", (request, response) => void request.pipe(response)),
    });
    expect(await slowly(listener, "/nothing")).toContain("404");
    const waits = await start({
      bodyMs: 50,
      routes: (router) =>
        void router.post("/read", (request) => {
          request.resume();
        }),
    });
    const answer = await slowly(waits, "/read");
    expect(answer).toContain("HTTP/1.1 408");
    expect(answer).toContain("too_slow");
  });

  it("may take longer where a route says so, until it puts the limit back", async () => {
    const listener = await start({
      bodyMs: 50,
      routes: (router) => {
        const take = (request: Request, response: Response, after: () => void): void => {
          setTimeout(() => {
            after();
            response.write("begun");
          }, 120); // past the limit
          request.resume().on("end", () => response.end("whole"));
        };
        router.post("/lifted", (request, response) => {
          liftBodyDeadline(request);
          take(request, response, () => {});
        });
        router.post("/put-back", (request, response) => take(request, response, liftBodyDeadline(request)));
      },
    });
    expect(await slowly(listener, "/lifted", "67890")).toContain("whole");
    const ended = await slowly(listener, "/put-back");
    expect(ended).toContain("begun");
    expect(ended).not.toContain("whole");
  });
});

describe("listen", () => {
  it("names the variable when the port is taken, and the host when it is not here", async () => {
    const first = await start();
    const options = { host: "127.0.0.1", port: first.port, variable: "REGISTRY_PORT", log } as const;
    await expect(listen(() => {}, options)).rejects.toThrow(ConfigurationError);
    await expect(listen(() => {}, options)).rejects.toThrow(`port ${first.port} is taken: set REGISTRY_PORT`);
    const elsewhere = { host: "192.0.2.1", port: 0, variable: "REGISTRY_PORT", log } as const;
    await expect(listen(() => {}, elsewhere)).rejects.toThrow(
      "HOST=192.0.2.1 is not an address of this machine",
    );
  });

  it("closes although a client keeps its connection open", async () => {
    const listener = await start();
    const socket = connect(listener.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "data");
    socket.on("error", () => {});
    const ended = once(socket, "close");
    await listener.close();
    await ended;
  });
});

describe("readTls", () => {
  it("wants both or none, and says which file", () => {
    expect(readTls({ TLS_CERT: undefined, TLS_KEY: undefined })).toBeUndefined();
    expect(() => readTls({ TLS_CERT: "/a", TLS_KEY: undefined })).toThrow("TLS_KEY is not set");
    expect(() => readTls({ TLS_CERT: "/nowhere/a.pem", TLS_KEY: "/nowhere/b.pem" })).toThrow(
      "TLS_CERT=/nowhere/a.pem",
    );
  });
});
