// What kills or freezes Aedes on its own.
import { on, once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { generate, type Packet } from "mqtt-packet";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type Broker, startBroker } from "./broker.js";
import { onFrames, publishFrame } from "./contract/frame-counter.js";
import { makeCertificates } from "./contract/test-certificates.js";
import { connectPacket, RawClient, TestClient } from "./contract/test-client.js";

let folder = "";
let tls: { tlsCert: string; tlsKey: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-pressure-"));
  const { cert, key } = await makeCertificates(folder);
  tls = { tlsCert: cert, tlsKey: key };
});
afterAll(() => rm(folder, { recursive: true }));

let broker: Broker;
beforeEach(async () => {
  broker = await startBroker({ port: 0, wsPort: 0, tlsPort: 0, ...tls });
});
afterEach(() => broker.close());

const subscribePacket = (topic: string, qos: 0 | 1 | 2): Packet => ({
  cmd: "subscribe",
  messageId: 1,
  subscriptions: [{ topic, qos }],
});

test("a flood survives the last subscriber's leaving and coming back", async () => {
  const frames = Buffer.concat(Array.from({ length: 500 }, () => publishFrame("flood/x", "x".repeat(20))));
  const publishers = Array.from({ length: 8 }, (_, i) => {
    const client = new RawClient(broker.port);
    client.send(connectPacket(`flood-${i}`));
    return client;
  });
  let flooding = true;
  const floods = publishers.map(async ({ socket, closed }) => {
    while (flooding && !socket.destroyed) {
      if (!socket.write(frames)) await Promise.race([once(socket, "drain"), closed]);
      await new Promise(setImmediate);
    }
  });
  for (let round = 0; round < 10; round++) {
    using reader = new RawClient(broker.port);
    reader.send(connectPacket("reader"), subscribePacket("flood/#", 0));
    await reader.bytes(10_000);
    reader.socket.destroy();
  }
  expect(publishers.map(({ socket }) => socket.destroyed)).not.toContain(true);
  flooding = false;
  for (const publisher of publishers) publisher[Symbol.dispose]();
  await Promise.all(floods);
});

describe.each(["tcp", "tls", "ws"])("a reader over %s that stops reading", (kind) => {
  /** Subscribes and then never reads again. */
  async function stalledReader(clientId: string, qos: 0 | 1, clean = true): Promise<void> {
    if (kind === "tls") {
      const socket = connectTls({ port: broker.tlsPort, host: "127.0.0.1", rejectUnauthorized: false });
      socket.on("error", () => undefined);
      socket.write(
        Buffer.concat(
          [connectPacket(clientId, { clean }), subscribePacket("slow/#", qos)].map((packet) =>
            generate(packet),
          ),
        ),
      );
      let got = 0;
      for await (const [chunk] of on(socket, "data")) {
        got += (chunk as Buffer).length;
        if (got === 9) break;
      }
      socket.pause();
      return;
    }
    if (kind === "tcp") {
      const raw = new RawClient(broker.port);
      raw.send(connectPacket(clientId, { clean }), subscribePacket("slow/#", qos));
      await raw.bytes(9);
      raw.socket.pause();
      return;
    }
    const socket = new WebSocket(`wss://127.0.0.1:${broker.wsPort}`, "mqtt", { rejectUnauthorized: false });
    await once(socket, "open");
    socket.send(
      Buffer.concat(
        [connectPacket(clientId, { clean }), subscribePacket("slow/#", qos)].map((packet) =>
          generate(packet),
        ),
      ),
    );
    await once(socket, "message"); // CONNACK
    await once(socket, "message"); // SUBACK
    socket.pause();
  }

  test("does not hold up the others, and is disconnected", async () => {
    await stalledReader("stalled", 0);
    using healthy = new RawClient(broker.port);
    healthy.send(connectPacket("healthy"), subscribePacket("slow/#", 0));
    await healthy.bytes(9);
    let got = 0;
    onFrames(healthy, () => {
      got += 1;
    });
    using publisher = new RawClient(broker.port);
    publisher.send(connectPacket("publisher"));
    const frame = publishFrame("slow/x", Buffer.alloc(1_000));
    let sent = 0;
    // As long as it takes: a stalled reader is given up a second after its queue went over the mark.
    while (broker.drops["reader-disconnected"] === 0) {
      publisher.send(...Array.from({ length: 50 }, () => frame));
      sent += 50;
      await vi.waitFor(() => expect(got).toBe(sent), { timeout: 10_000, interval: 5 });
    }
  });
});

test("a QoS 1 reader that stops is disconnected, and its session still holds everything", async () => {
  const clientId = "stopped";
  const stopped = new RawClient(broker.port);
  stopped.send(connectPacket(clientId, { clean: false }), subscribePacket("acked/#", 1));
  await stopped.bytes(9);
  stopped.socket.pause();
  await using publisher = await TestClient.connect(`mqtt://127.0.0.1:${broker.port}`);
  const total = 9_000;
  const payload = "x".repeat(1_000);
  for (let i = 0; i < total; i += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, j) => publisher.publish("acked/x", `${i + j} ${payload}`, { qos: 1 })),
    );
  }
  await vi.waitFor(() => expect(broker.drops["reader-disconnected"]).toBe(1), { timeout: 5_000 });
  await using again = await TestClient.connect(`mqtt://127.0.0.1:${broker.port}`, { clientId, clean: false });
  await again.until((seen) => seen.length >= total);
  expect(again.seen.map((seen) => Number.parseInt(seen.payload, 10))).toEqual(
    Array.from({ length: total }, (_, i) => i),
  );
}, 40_000);

test("a session that holds more than a reader's queue may is handed over as it is read", async () => {
  const hello: Packet[] = [connectPacket("full", { clean: false }), subscribePacket("full/#", 1)];
  const first = new RawClient(broker.port);
  first.send(...hello);
  await first.bytes(9);
  first.send({ cmd: "disconnect" });
  await first.closed;
  await using publisher = await TestClient.connect(`mqtt://127.0.0.1:${broker.port}`);
  const total = 120;
  const payload = Buffer.alloc(100_000).toString(); // 12 MB in all, past the hard mark of 8
  for (let i = 0; i < total; i++) await publisher.publish("full/x", `${i} ${payload}`, { qos: 1 });
  using again = new RawClient(broker.port);
  again.socket.pause();
  again.send(connectPacket("full", { clean: false }));
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // it reads nothing for longer than a stalled reader may
  const got: number[] = [];
  onFrames(again, (frame) => got.push(Number.parseInt(frame.payload.toString("latin1", 0, 10), 10)));
  again.socket.resume();
  await vi.waitFor(() => expect(got).toHaveLength(total), { timeout: 10_000 });
  expect(got).toEqual(Array.from({ length: total }, (_, i) => i));
});

test("a publisher that is faster than its only reader is slowed, and nothing is lost", async () => {
  using reader = new RawClient(broker.port);
  reader.send(connectPacket("slow-but-reading"), subscribePacket("fast/#", 0));
  await reader.bytes(9);
  let got = 0;
  onFrames(reader, () => {
    got += 1;
  });
  const breath = setInterval(() => {
    reader.socket.pause();
    setTimeout(() => reader.socket.resume(), 15);
  }, 20);
  using publisher = new RawClient(broker.port);
  publisher.send(connectPacket("fast"));
  const total = 40_000;
  const frame = publishFrame("fast/x", "x".repeat(1_000));
  for (let i = 0; i < total; i += 100) {
    if (!publisher.socket.write(Buffer.concat(Array.from({ length: 100 }, () => frame)))) {
      await new Promise<void>((resolve) => publisher.socket.once("drain", resolve));
    }
  }
  await vi.waitFor(() => expect(got).toBe(total), { timeout: 15_000, interval: 50 });
  clearInterval(breath);
  expect(broker.drops["slow-reader"]).toBe(0);
}, 30_000);
