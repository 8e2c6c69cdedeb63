// One reader that stops reading: bare Aedes stops for all, for as long as its `drainTimeout` of a minute.
import { on, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { generate, type Packet } from "mqtt-packet";
import { afterAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { onFrames, publishFrame } from "../contract/frame-counter.js";
import { makeCertificates } from "../contract/test-certificates.js";
import { connectPacket, RawClient } from "../contract/test-client.js";
import { onlyOursBy } from "./only-ours.js";
import type { Subject } from "./subjects.js";

const onlyOurs = onlyOursBy(test);

const folder = mkdtempSync(join(tmpdir(), "fieldmesh-stalled-"));
const certificate = await makeCertificates(folder);
afterAll(() => rmSync(folder, { recursive: true }));

const subscribe = (topic: string): Packet => ({
  cmd: "subscribe",
  messageId: 1,
  subscriptions: [{ topic, qos: 0 }],
});
const HELLO = Buffer.concat(
  [connectPacket("stalled"), subscribe("slow/#")].map((packet) => generate(packet)),
);
/** CONNACK and SUBACK. */
const ANSWER_BYTES = 4 + 5;

/** Subscribes, and never reads again. */
const STALL: Record<string, (broker: Subject) => Promise<void>> = {
  async tcp({ port }) {
    const raw = new RawClient(port);
    raw.send(HELLO);
    await raw.bytes(ANSWER_BYTES);
    raw.socket.pause();
  },
  async tls({ tlsPort }) {
    const socket = connectTls({ port: tlsPort, host: "127.0.0.1", rejectUnauthorized: false });
    socket.on("error", () => undefined);
    socket.write(HELLO);
    let got = 0;
    for await (const [chunk] of on(socket, "data")) {
      got += (chunk as Buffer).length;
      if (got === ANSWER_BYTES) break;
    }
    socket.pause();
  },
  async ws({ wsPort }) {
    const socket = new WebSocket(`wss://127.0.0.1:${wsPort}`, "mqtt", { rejectUnauthorized: false });
    socket.on("error", () => undefined);
    await once(socket, "open");
    socket.send(HELLO);
    let got = 0;
    for await (const [chunk] of on(socket, "message")) {
      got += (chunk as Buffer).length;
      if (got === ANSWER_BYTES) break;
    }
    socket.pause();
  },
};

for (const [transport, stall] of Object.entries(STALL)) {
  onlyOurs(
    `a reader over ${transport} that stops reading holds up nobody; it is disconnected, logged and counted`,
    { bareAedes: /expected \d+ to be \d+/, certificate },
    async (broker) => {
      await stall(broker);
      using healthy = new RawClient(broker.port);
      healthy.send(connectPacket("healthy"), subscribe("slow/#"));
      await healthy.bytes(ANSWER_BYTES);
      let got = 0;
      onFrames(healthy, () => {
        got += 1;
      });
      using publisher = new RawClient(broker.port);
      publisher.send(connectPacket("publisher"));
      await publisher.bytes(4);
      const frame = publishFrame("slow/x", Buffer.alloc(1_000));
      const block = Buffer.concat(Array.from({ length: 50 }, () => frame));
      let sent = 0;
      // As long as it takes: a stalled reader is given up a second after its queue went over the mark.
      while (broker.drops["reader-disconnected"] !== 1) {
        publisher.send(block);
        sent += 50;
        await vi.waitFor(() => expect(got).toBe(sent), { timeout: broker.patienceMs, interval: 1 });
      }
      expect(broker.warnings).toContainEqual(
        expect.objectContaining({ clientId: "stalled", lostBytes: expect.any(Number) }),
      );
    },
  );
}
