import type { Router } from "express";
import { afterEach, expect, it } from "vitest";
import { createLog } from "../log.js";
import { createHttpApp } from "./app.js";
import { type HttpListener, listen } from "./listen.js";

const LISTED = "https://app.example.org";
const log = createLog("test", { level: "silent" });
const opened: HttpListener[] = [];

afterEach(async () => {
  for (const listener of opened.splice(0)) await listener.close();
});

async function serve(allowedOrigins: string[]): Promise<string> {
  const app = createHttpApp({
    log,
    hosts: {},
    allowedOrigins,
    routes: (router: Router) => {
      router.get("/cookie", (request, response) => {
        response.json({ cookie: request.headers.cookie ?? null });
      });
    },
  });
  const listener = await listen(app, { host: "127.0.0.1", port: 0, variable: "REGISTRY_PORT", log });
  opened.push(listener);
  return listener.url;
}

const seen = ({ status, headers }: Response): unknown[] => [
  status,
  headers.get("access-control-allow-origin"),
  headers.get("access-control-allow-credentials"),
];

it("lets pages of listed origins call, without cookies", async () => {
  const url = await serve([LISTED]);
  const headers = { Origin: LISTED, Cookie: "session=x", "Sec-Fetch-Site": "cross-site" };
  const answer = await fetch(`${url}/cookie`, { headers });
  expect(seen(answer)).toEqual([200, LISTED, null]);
  expect(answer.headers.get("vary")).toContain("Origin");
  expect(answer.headers.get("access-control-expose-headers")).toContain("ETag");
  expect(await answer.json()).toEqual({ cookie: null });
});

it("answers what a browser asks before it sends a token", async () => {
  const url = await serve([LISTED]);
  const ask = (Origin: string): Promise<Response> =>
    fetch(`${url}/cookie`, {
      method: "OPTIONS",
      headers: { Origin, "Access-Control-Request-Method": "PUT" },
    });
  const answer = await ask(LISTED);
  expect(seen(answer)).toEqual([204, LISTED, null]);
  expect(answer.headers.get("access-control-allow-headers")).toContain("Authorization");
  expect(answer.headers.get("access-control-allow-methods")).toContain("PUT");
  expect(seen(await ask("https://evil.example.org"))).toEqual([403, null, null]);
});

it("keeps others out, as without a list", async () => {
  const url = await serve([LISTED]);
  for (const origin of ["https://evil.example.org", "http://app.example.org", `${LISTED}.evil.org`, "null"]) {
    const answer = await fetch(`${url}/cookie`, { headers: { Origin: origin } });
    expect([origin, ...seen(answer)]).toEqual([origin, 403, null, null]);
  }
  expect(await (await fetch(`${url}/cookie`, { headers: { Cookie: "a=b" } })).json()).toEqual({
    cookie: "a=b",
  });
  const none = await serve([]);
  expect(seen(await fetch(`${none}/cookie`, { headers: { Origin: LISTED } }))).toEqual([403, null, null]);
});
