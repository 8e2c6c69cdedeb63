import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { systemClock } from "../clock.js";
import { FIELDS } from "../config/fields.js";
import { OptionError, type Sample } from "./driver.js";
import { driver } from "./http.js";

const folder = mkdtempSync(join(tmpdir(), "fieldmesh-http-"));
const listener: RequestListener = (request, response) => {
  switch (request.url ?? "") {
    case "/json":
      response.end('{"temperature":{"tC":21.5},"output":true}');
      return;
    case "/text":
      response.end("21.5\n");
      return;
    case "/guarded":
      response.statusCode = request.headers.authorization === "Bearer s3cret" ? 200 : 401;
      response.end("5");
      return;
    case "/moved":
      response.writeHead(302, { location: "http://elsewhere.example/" }).end();
      return;
    case "/endless":
      response.write("x".repeat(65_536));
      setInterval(() => response.write("x".repeat(65_536)), 5).unref();
      return;
    case "/slow":
      response.write('{"t":'); // and never the rest
      return;
    default:
      response.writeHead(404).end();
  }
};
let plain: Server;
let tls: Server;

beforeAll(async () => {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
    ].concat(["-keyout", key, "-out", cert, "-subj", "/CN=device", "-addext", "subjectAltName=IP:127.0.0.1"]),
    { stdio: "ignore" },
  );
  plain = createServer(listener);
  tls = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, listener);
  for (const server of [plain, tls])
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  for (const server of [plain, tls]) server.close();
  rmSync(folder, { recursive: true });
});

function port(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function get(
  path: string,
  written: Record<string, unknown> = {},
  origin = "",
): Promise<Sample | undefined> {
  const url = `${origin === "" ? `http://127.0.0.1:${port(plain)}` : origin}${path}`;
  const options = driver.options(z, FIELDS).parse({ url, ...written });
  const opened = await driver.open(options as never, {
    domain: "env",
    node: "n",
    sensor: { id: "x", type: "x", valueType: "number", unit: "1", intervalMs: 1_000 },
    clock: systemClock,
    emit: () => undefined,
  });
  return await opened.read(new AbortController().signal);
}

describe("driver http", () => {
  it("takes a number, or JSON by a path", async () => {
    expect(await get("/text")).toEqual({ value: 21.5 });
    expect(await get("/json", { path: "temperature.tC" })).toEqual({ value: 21.5 });
  });

  it("says what a device answered in a value's place", async () => {
    await expect(get("/none")).rejects.toThrow(/HTTP 404 Not Found/);
    await expect(get("/moved")).rejects.toThrow(
      "it has moved to http://elsewhere.example/: give that address",
    );
    await expect(get("/json", { path: "temperature.tF" })).rejects.toThrow("nothing at temperature.tF");
    await expect(get("/json")).rejects.toThrow("expected a number");
    await expect(get("/", {}, "http://127.0.0.1:1")).rejects.toThrow(/127\.0\.0\.1:1: connect ECONNREFUSED/);
  });

  it("waits no longer than its time and takes no more than its bytes", async () => {
    await expect(get("/slow", { timeout: "100ms" })).rejects.toThrow("no answer within 0.1 s");
    await expect(get("/endless", { maxBytes: "100kB" })).rejects.toThrow("more than 100000 bytes");
  });

  it("sends secrets from a variable or a file, read anew each time", async () => {
    vi.stubEnv("DEVICE_TOKEN", "s3cret");
    const byEnv = { headers: { Authorization: { env: "DEVICE_TOKEN", prefix: "Bearer " } } };
    expect(await get("/guarded", byEnv)).toEqual({ value: 5 });
    vi.unstubAllEnvs();
    await expect(get("/guarded", byEnv)).rejects.toThrow("DEVICE_TOKEN is not set");
    const file = join(folder, "token");
    writeFileSync(file, "s3cret\n");
    expect(await get("/guarded", { headers: { Authorization: { file, prefix: "Bearer " } } })).toEqual({
      value: 5,
    });
    writeFileSync(file, "wrong");
    await expect(get("/guarded", { headers: { Authorization: { file } } })).rejects.toThrow("HTTP 401");
  });

  it("trusts a device's certificate by the authority that it is given, and no other", async () => {
    const origin = `https://127.0.0.1:${port(tls)}`;
    await expect(get("/text", {}, origin)).rejects.toThrow(/self-signed certificate/);
    expect(await get("/text", { ca: join(folder, "cert.pem") }, origin)).toEqual({ value: 21.5 });
  });

  it("refuses a password in the address, and does not repeat it", () => {
    const options = driver.options(z, FIELDS).parse({ url: "http://me:pw@host/" });
    const attempt = (): unknown => driver.defaults?.(options as never, { id: "x", type: "x" });
    expect(attempt).toThrow(OptionError);
    expect(attempt).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("pw") as string }),
    );
  });
});
