import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { startBroker } from "@fieldmesh/broker";
import { addToken, addUser, createHttpApp, createSignIn, listen, principalOf } from "@fieldmesh/runtime";
import type { Request, Response } from "express";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { quiet } from "../testing/quiet.js";
import { Stack } from "../testing/stack.js";
import { HISTORIAN, REGISTRY } from "./forwarded-services.js";
import { createForwarding } from "./forwarding.js";

const WAIT = { timeout: 10_000, interval: 20 };

interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Stands in for the historian: the same verifier and HTTP, and routes that show what came. */
interface Upstream {
  url: URL;
  seen: Seen[];
  /** Resolves when a long answer is ended by who reads it. */
  ended: Promise<unknown>;
  close(): Promise<void>;
}

async function startUpstream(usersFile: string): Promise<Upstream> {
  const signIn = createSignIn({ usersFile, host: "127.0.0.1", log: quiet });
  const seen: Seen[] = [];
  let tellEnded: (value: unknown) => void = () => {};
  const ended = new Promise((resolve) => {
    tellEnded = resolve;
  });
  const app = createHttpApp({
    log: quiet,
    hosts: {},
    unreadBelow: ["/api/history"],
    routes: (router) => {
      router.use(signIn.requireRole("viewer"));
      router.get("/api/history/long", (_request: Request, response: Response) => {
        response.once("close", () => tellEnded(response.writableFinished));
        response.type("text/csv").write("time,value\r\n");
      });
      router.get("/api/history/huge", (_request: Request, response: Response) => {
        response.once("close", () => tellEnded(response.writableFinished));
        const more = (): void => {
          while (response.write("x".repeat(65_536)))
            seen.push({ method: "", url: "", headers: {}, body: "" });
        };
        response.on("drain", more);
        more();
      });
      router.post("/api/history/streams/s/import", async (request: Request, response: Response) => {
        response.type("application/x-ndjson");
        for await (const chunk of request) {
          response.write(`${JSON.stringify({ bytes: (chunk as Buffer).length })}\n`);
        }
        response.end('{"done":true}\n');
      });
      router.post("/api/history/refuses", (_request: Request, response: Response) => {
        response.status(413).type("application/problem+json").send('{"code":"too_large"}');
      });
      router.all("/api/history/*rest", async (request: Request, response: Response) => {
        let body = "";
        for await (const chunk of request) body += String(chunk);
        const { method, originalUrl: url, headers } = request;
        seen.push({ method, url, headers, body });
        response.set({ ETag: '"1"', Link: '</api/history/x>; rel="next"', "Set-Cookie": "theirs=1" });
        response.json({ principal: principalOf(response), body });
      });
    },
  });
  const listener = await listen(app, { host: "127.0.0.1", port: 0, variable: "HISTORIAN_PORT", log: quiet });
  const close = async (): Promise<void> => {
    signIn.close();
    await listener.close();
  };
  return { url: new URL(listener.url), seen, ended, close };
}

describe("the way to the historian", () => {
  let stack: Stack;
  let users: string;
  let upstream: Upstream;
  beforeEach(async () => {
    stack = await Stack.start(startBroker);
    users = join(stack.folder, "users.yaml");
    upstream = await startUpstream(users);
    stack.own(() => upstream.close());
  });
  afterEach(async () => {
    await stack.close();
  });

  const dashboardUrl = async (more: Parameters<Stack["dashboard"]>[1] = {}): Promise<string> =>
    (await stack.dashboard({}, { historian: upstream.url, ...more })).url;

  test("whoever is at this machine needs no password there either", async () => {
    const url = await dashboardUrl();
    const answer = await fetch(`${url}/api/history/streams?q=a%20b&limit=5`, {
      headers: { accept: "application/json", "x-other": "1", cookie: "other=1" },
    });
    expect(await answer.json()).toMatchObject({ principal: { name: "local", role: "admin" } });
    expect(answer.headers.get("etag")).toBe('"1"');
    expect(answer.headers.get("link")).toBe('</api/history/x>; rel="next"');
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    const [seen] = upstream.seen;
    expect(seen?.url).toBe("/api/history/streams?q=a%20b&limit=5");
    expect(seen?.headers.host).toBe(upstream.url.host);
    expect(seen?.headers["x-request-id"]).toBe(answer.headers.get("x-request-id"));
    for (const name of ["x-other", "cookie", "origin", "x-forwarded-for"])
      expect(seen?.headers[name]).toBeUndefined();
    const state = (await (await fetch(`${url}/api/state`)).json()) as { hello: { history: boolean } };
    expect(state.hello.history).toBe(true);
  });

  test("a request that a proxy passed on, or that came by another name, is nobody's", async () => {
    const url = await dashboardUrl({ allowedHosts: ["desk.lan"] });
    const { port } = new URL(url);
    const cases: Record<string, string>[] = [
      { "x-forwarded-for": "192.0.2.7" },
      { forwarded: "for=192.0.2.7" },
      { "x-real-ip": "192.0.2.7" },
      { via: "1.1 proxy" },
      { host: "desk.lan" },
    ];
    for (const headers of cases) {
      const request = httpRequest({ host: "127.0.0.1", port, path: "/api/history/streams", headers });
      request.end();
      const [response] = await once(request, "response");
      response.resume();
      expect([headers, response.statusCode]).toEqual([headers, 401]);
    }
    expect(upstream.seen).toEqual([]);
  });

  test("someone from another host is nobody at the historian, whatever they claim", async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((each) => each !== undefined && !each.internal && each.family === "IPv4")?.address;
    if (outside === undefined) return; // this machine has no other address
    const token = await addToken(users, { name: "grafana", role: "viewer" });
    // The historian knows nobody, so that it would let its own machine's people in.
    const alone = await startUpstream(join(stack.folder, "others.yaml"));
    stack.own(() => alone.close());
    const { port } = await stack.dashboard(
      {},
      { host: "0.0.0.0", allowedHosts: [outside], historian: alone.url },
    );
    const at = `http://${outside}:${port}/api/history/streams`;
    expect((await fetch(at)).status).toBe(401);
    const answer = await fetch(at, { headers: { authorization: `Bearer ${token}` } });
    expect([answer.status, alone.seen.length]).toEqual([401, 0]);
  });

  test("sessions and tokens are passed on as they are, and only they", async () => {
    await addUser(users, { name: "ann", role: "operator", password: "correct horse" });
    const token = await addToken(users, { name: "grafana", role: "viewer" });
    const url = await dashboardUrl({ publicUrl: new URL("https://mesh.example.org") });
    expect((await fetch(`${url}/api/history/streams`)).status).toBe(401);
    const signedIn = await fetch(`${url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "ann", password: "correct horse" }),
    });
    const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    expect(cookie).toContain("__Host-");
    await vi.waitFor(async () => {
      const answer = await fetch(`${url}/api/history/streams`, {
        headers: { cookie: `tracking=1; ${cookie}` },
      });
      expect(await answer.json()).toMatchObject({
        principal: { name: "ann", role: "operator", via: "session" },
      });
    }, WAIT);
    expect(upstream.seen.at(-1)?.headers).toMatchObject({ cookie, "x-forwarded-for": "127.0.0.1" });
    const byToken = await fetch(`${url}/api/history/streams`, {
      headers: { authorization: `Bearer ${token}`, cookie },
    });
    expect(await byToken.json()).toMatchObject({ principal: { name: "grafana", via: "token" } });
    expect(upstream.seen.at(-1)?.headers.cookie).toBeUndefined();
  });

  test("a page of another site changes nothing", async () => {
    const url = await dashboardUrl();
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      for (const method of ["POST", "PUT", "GET"]) {
        const path = "/api/history/configuration";
        const request = httpRequest(`${url}${path}`, { method, headers: headers as Record<string, string> });
        request.end();
        const [response] = await once(request, "response");
        response.resume();
        expect([method, response.statusCode]).toEqual([method, 403]);
      }
    }
    expect(upstream.seen).toEqual([]);
  });

  test("no path leads anywhere else", async () => {
    const url = await dashboardUrl();
    const { port } = new URL(url);
    const raw = async (line: string): Promise<string> => {
      const socket = connect(Number(port), "127.0.0.1");
      socket.write(`${line} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`);
      let text = "";
      for await (const chunk of socket) text += String(chunk);
      return text;
    };
    for (const path of [
      "/api/history/../session",
      "/api/history/%2e%2e/session",
      "/api/history/..%2f..%2fhealthz",
      "/api/history/./streams",
      "/api/history//evil.example/x",
      "/api/history/a\\..\\b",
      "/api/history/%00",
      "/api/history/a;b",
      "http://evil.example/api/history/streams",
    ]) {
      expect([path, (await raw(`GET ${path}`)).slice(9, 12)]).toEqual([path, "404"]);
    }
    expect((await raw("GET /api/history/%E0%A4%A")).slice(9, 12)).toBe("400");
    expect((await raw(`GET /api/history/streams?q=${"x".repeat(9_000)}`)).slice(9, 12)).toBe("414");
    expect((await raw(`GET /api/history/streams?q=${"x".repeat(90_000)}`)).slice(9, 12)).toBe("431");
    expect(upstream.seen).toEqual([]);
    expect((await raw("GET /api/historyx")).slice(9, 12)).toBe("404");
  });

  test("one request stays one request", async () => {
    const url = await dashboardUrl();
    const { port } = new URL(url);
    const send = async (text: string): Promise<string> => {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      socket.write(text);
      let answer = "";
      socket.on("data", (chunk: Buffer) => {
        answer += chunk.toString();
      });
      await vi.waitFor(() => expect(answer).toContain("\r\n\r\n"), WAIT);
      socket.destroy();
      return answer;
    };
    const head = `POST /api/history/x HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: text/csv\r\n`;
    const smuggled = "GET /api/history/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    const both = await send(
      `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    );
    expect(both).toContain("HTTP/1.1 400");
    const twice = await send(`${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd`);
    expect(twice).toContain("HTTP/1.1 400");
    const chunked = await send(
      `${head}Transfer-Encoding: chunked\r\nConnection: authorization, close\r\n\r\n` +
        `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    );
    expect(chunked).toContain("HTTP/1.1 200");
    expect(upstream.seen.map(({ url: path, body }) => [path, body])).toEqual([["/api/history/x", smuggled]]);
  });

  test("JSON goes through to the byte, larger than the dashboard itself takes", async () => {
    const url = await dashboardUrl();
    const body = `{ "a":1.0,  "b": "${"x".repeat(200_000)}" }`;
    const answer = await fetch(`${url}/api/history/configuration`, {
      method: "PUT",
      headers: { "content-type": "application/json", "if-match": '"3"' },
      body,
    });
    expect(answer.status).toBe(200);
    expect(upstream.seen[0]?.body).toBe(body);
    expect(upstream.seen[0]?.headers).toMatchObject({
      "if-match": '"3"',
      "content-type": "application/json",
    });
  });

  test("progress of a file comes while the file goes, and a refusal before its end", async () => {
    const url = await dashboardUrl();
    const request = httpRequest(`${url}/api/history/streams/s/import`, {
      method: "POST",
      headers: { "content-type": "text/csv" },
    });
    request.write("time,value\r\n");
    const [response] = await once(request, "response");
    const lines: string[] = [];
    response.on("data", (chunk: Buffer) => lines.push(chunk.toString()));
    await vi.waitFor(() => expect(lines.join("")).toContain('{"bytes":12}'), WAIT);
    request.write("1,2\r\n");
    await vi.waitFor(() => expect(lines.join("")).toContain('{"bytes":5}'), WAIT);
    request.end();
    await once(response, "end");
    expect(lines.join("")).toContain("done");

    const refused = httpRequest(`${url}/api/history/refuses`, { method: "POST" });
    refused.on("error", () => {}); // the rest of it is not taken
    refused.write("x".repeat(100_000));
    const [answer] = await once(refused, "response");
    expect(answer.statusCode).toBe(413);
    refused.destroy();
  });

  test("an answer that nobody takes any more ends at the historian, and a slow one is not gathered here", async () => {
    const url = await dashboardUrl();
    const long = httpRequest(`${url}/api/history/long`);
    long.end();
    const [response] = await once(long, "response");
    await once(response, "data");
    long.destroy();
    expect(await upstream.ended).toBe(false);

    const slow = httpRequest(`${url}/api/history/huge`);
    slow.end();
    await once(slow, "response"); // and not read
    let before = -1;
    await vi.waitFor(
      () => {
        const now = upstream.seen.length;
        const still = now === before;
        before = now;
        expect(still).toBe(true);
      },
      { timeout: 10_000, interval: 300 },
    );
    // What sockets and pipes hold, not the whole.
    expect(upstream.seen.length * 65_536).toBeLessThan(32_000_000);
    slow.destroy();
  });

  test("a historian that is away, silent or unknown is said to be so", async () => {
    const closed = createServer();
    closed.listen(0, "127.0.0.1");
    await once(closed, "listening");
    const address = closed.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    closed.close();
    const away = await stack.dashboard({}, { historian: new URL(`http://127.0.0.1:${port}`) });
    const answer = await fetch(`${away.url}/api/history/streams`);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([502, "5"]);
    expect(await answer.json()).toMatchObject({
      code: "historian_away",
      detail: expect.stringContaining("the historian does not answer (ECONNREFUSED)"),
    });
    const upload = await fetch(`${away.url}/api/history/streams/s/import`, {
      method: "POST",
      body: "x".repeat(2_000_000),
    });
    expect(upload.status).toBe(502);
    await away.close();

    const none = await stack.dashboard();
    const nothing = await fetch(`${none.url}/api/history/streams`);
    expect([nothing.status, ((await nothing.json()) as { code: string }).code]).toEqual([
      404,
      "no_historian",
    ]);
    const state = (await (await fetch(`${none.url}/api/state`)).json()) as { hello: { history: boolean } };
    expect(state.hello.history).toBe(false);
  });
});

describe("a historian with its own mind", () => {
  /** Only what passes requests on, with short limits. */
  async function forwardTo(
    handle: (request: IncomingMessage, response: ServerResponse) => void,
    service = HISTORIAN,
  ): Promise<{ url: string; server: Server }> {
    const server = createServer(handle);
    server.keepAliveTimeout = 60_000; // ms; the test closes connections itself
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const signIn = createSignIn({ usersFile: "/nonexistent/users.yaml", host: "127.0.0.1", log: quiet });
    const forwarding = createForwarding(service, {
      signIn,
      to: new URL(`http://127.0.0.1:${port}`),
      answerMs: 150,
      idleMs: 300,
    });
    const app = createHttpApp({
      log: quiet,
      hosts: {},
      unreadBelow: [HISTORIAN.path, REGISTRY.path],
      routes: (router) => void router.use(forwarding.router),
    });
    const listener = await listen(app, {
      host: "127.0.0.1",
      port: 0,
      variable: "DASHBOARD_PORT",
      log: quiet,
    });
    onTestFinished(async () => {
      forwarding.close();
      signIn.close();
      await listener.close();
      server.closeAllConnections();
      server.close();
    });
    return { url: `${listener.url}${service.path}`, server };
  }

  test("that does not answer in time is told of as 504, and one that stops in the middle breaks the answer off", async () => {
    const { url } = await forwardTo((request, response) => {
      request.resume();
      if (request.url?.endsWith("/half") === true) response.write("half");
    });
    for (const init of [{}, { method: "POST", body: "x".repeat(100_000) }]) {
      const answer = await fetch(`${url}/never`, init);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        504,
        "historian_slow",
      ]);
    }
    const half = await fetch(`${url}/half`);
    await expect(half.text()).rejects.toThrow();
  });

  test("that closes a connection it had kept is asked once more, but never told twice", async () => {
    let calls: string[] = [];
    const { url, server } = await forwardTo((request, response) => {
      calls.push(`${request.method} ${request.url}`);
      request.resume();
      // The second on each connection finds it closed.
      const { socket } = request;
      const used = socket as typeof socket & { used?: boolean };
      if (used.used === true) socket.resetAndDestroy();
      else response.end("ok");
      used.used = true;
    });
    expect(await (await fetch(`${url}/one`)).text()).toBe("ok");
    expect(await (await fetch(`${url}/two`)).text()).toBe("ok");
    expect(calls).toEqual(["GET /api/history/one", "GET /api/history/two", "GET /api/history/two"]);
    calls = [];
    const told = await fetch(`${url}/three`, { method: "POST", body: "x" });
    expect(told.status).toBe(502);
    expect(calls).toEqual(["POST /api/history/three"]);
    server.closeAllConnections();
  });

  test("that lies elsewhere is found below its own path, and what it names is found here", async () => {
    const { url } = await forwardTo((request, response) => {
      request.resume();
      response.setHeader(
        "Link",
        '</products?after=eA>; rel="next", <https://elsewhere.example/x>; rel="help"',
      );
      response.setHeader("Location", "/products/new");
      response.setHeader("X-Total-Count", "7");
      response.end(`${request.url} ${String(request.headers["idempotency-key"])}`);
    }, REGISTRY);
    const { pathname } = new URL(url);
    expect(pathname).toBe("/api/mesh");
    const answer = await fetch(`${url}/products?q=a%20b`, {
      method: "POST",
      headers: { "Idempotency-Key": "one" },
    });
    expect(await answer.text()).toBe("/products?q=a%20b one");
    expect(answer.headers.get("link")).toBe(
      '</api/mesh/products?after=eA>; rel="next", <https://elsewhere.example/x>; rel="help"',
    );
    expect(answer.headers.get("location")).toBe("/api/mesh/products/new");
    expect(answer.headers.get("x-total-count")).toBe("7");
    const outside = await fetch(`${url}/../session`);
    expect(outside.status).toBe(404);
  });
});
