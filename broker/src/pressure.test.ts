// Readers that are slower than their publishers. What bare Aedes does to them is in bare-aedes/.
import type { Packet } from "mqtt-packet";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Broker, startBroker } from "./broker.js";
import { onFrames, publishFrame } from "./contract/frame-counter.js";
import { connectPacket, RawClient, TestClient } from "./contract/test-client.js";

let broker: Broker;
beforeEach(async () => {
  broker = await startBroker({ port: 0 });
});
afterEach(() => broker.close());

const subscribePacket = (topic: string, qos: 0 | 1 | 2): Packet => ({
  cmd: "subscribe",
  messageId: 1,
  subscriptions: [{ topic, qos }],
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
