import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { Aedes } from "aedes";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createWebSocketStream, WebSocketServer } from "ws";
import { createLog } from "../log.js";
import { createMqttLink, type MqttLink, type MqttLinkOptions } from "./link.js";

let folder: string;
let key: Buffer;
let cert: Buffer;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fieldmesh-tls-"));
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", keyFile, "-out", certFile];
  execFileSync("openssl", ["req", "-x509", "-days", "2", ...curve, ...subject, ...files], {
    stdio: "ignore",
  });
  key = readFileSync(keyFile);
  cert = readFileSync(certFile);
});

afterAll(() => rmSync(folder, { recursive: true }));

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return address.port;
}

async function startAedes(): Promise<Aedes> {
  const aedes = await Aedes.createBroker();
  closers.push(() => new Promise<void>((resolve) => aedes.close(resolve)));
  return aedes;
}

function start(url: string, options: Partial<MqttLinkOptions> = {}): { link: MqttLink; said: string[] } {
  const said: string[] = [];
  const log = createLog("test", { destination: { write: (line) => void said.push(line) } });
  const link = createMqttLink({ urls: [url], clientId: "test", log, ...options });
  closers.push(() => link.close());
  link.start();
  return { link, said };
}

async function echo(link: MqttLink): Promise<void> {
  const got: string[] = [];
  link.onMessage((_topic, payload) => got.push(payload.toString()));
  await vi.waitFor(() => expect(link.connected).toBe(true), 5_000);
  await link.subscribe(["t"]);
  await link.publish("t", "hello");
  await vi.waitFor(() => expect(got).toEqual(["hello"]));
}

describe("MqttLink over TLS", () => {
  it("trusts the certificate that it was given", async () => {
    const aedes = await startAedes();
    const port = await listen(createTlsServer({ key, cert }, aedes.handle));
    await echo(start(`mqtts://localhost:${port}`, { ca: cert }).link);
  });

  it("refuses one that it does not know, or of another name, and says what to do", async () => {
    const aedes = await startAedes();
    const port = await listen(createTlsServer({ key, cert }, aedes.handle));
    const unknown = start(`mqtts://localhost:${port}`);
    await vi.waitFor(() => expect(unknown.said.join()).toContain("set MQTT_CA"));
    const otherName = start(`mqtts://127.0.0.1:${port}`, { ca: cert });
    await vi.waitFor(() => expect(otherName.said.join()).toContain("is for another name"));
    expect(unknown.link.connected || otherName.link.connected).toBe(false);
  });

  it("says so when there is no TLS there", async () => {
    const aedes = await startAedes();
    const port = await listen(createServer(aedes.handle));
    const { link, said } = start(`mqtts://localhost:${port}`, { connectTimeoutMs: 500 });
    await vi.waitFor(() => expect(said.join()).toContain("cannot reach the broker"), 5_000);
    expect(link.connected).toBe(false);
  });
});

describe("MqttLink over WebSocket", () => {
  it("connects, and subscribes with the mqtt subprotocol", async () => {
    const aedes = await startAedes();
    const http = createHttpServer();
    const protocols: string[] = [];
    const server = new WebSocketServer({ server: http });
    server.on("connection", (socket) => {
      protocols.push(socket.protocol);
      aedes.handle(createWebSocketStream(socket));
    });
    const port = await listen(http);
    await echo(start(`ws://127.0.0.1:${port}/`).link);
    expect(protocols).toEqual(["mqtt"]);
  });
});

describe("MqttLink and a network that swallows everything", () => {
  it("notices by keep-alive alone, and connects again when the network is back", async () => {
    const aedes = await startAedes();
    const brokerPort = await listen(createServer(aedes.handle));
    let swallows = false;
    const proxy = createServer((near) => {
      const far = connect(brokerPort, "127.0.0.1");
      far.on("error", () => near.destroy());
      near.on("error", () => far.destroy());
      near.on("close", () => far.destroy());
      near.on("data", (chunk) => swallows || far.write(chunk));
      far.on("data", (chunk) => swallows || near.write(chunk));
    });
    const port = await listen(proxy);
    const { link } = start(`mqtt://127.0.0.1:${port}`, { keepaliveS: 1, connectTimeoutMs: 500 });
    await vi.waitFor(() => expect(link.connected).toBe(true));
    const lost = new Promise<string>((resolve) => link.onDisconnect(resolve));
    swallows = true;
    expect(await lost).toMatch(/keepalive/i);
    swallows = false;
    await vi.waitFor(() => expect(link.connected).toBe(true), 10_000);
  });
});
