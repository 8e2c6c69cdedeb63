// Publishers that send QoS 0 as fast as they can, while the last subscriber leaves and comes back.
import { expect, test } from "vitest";
import { publishFrame } from "../contract/frame-counter.js";
import { connectPacket, RawClient } from "../contract/test-client.js";
import { onlyOursBy } from "./only-ours.js";

const onlyOurs = onlyOursBy(test);

const PUBLISHERS = 16;

onlyOurs(
  "a flood survives the last subscriber's leaving and coming back",
  { bareAedes: /Maximum call stack size exceeded/ },
  async ({ port, died, warnings }) => {
    const frames = Buffer.concat(Array.from({ length: 500 }, () => publishFrame("flood/x", "x".repeat(20))));
    const publishers = Array.from({ length: PUBLISHERS }, () => new RawClient(port));
    for (const [i, client] of publishers.entries()) {
      client.send(connectPacket(`flood-${i}`));
      await client.bytes(4);
    }
    let flooding = true;
    const floods = publishers.map(async ({ socket, closed }) => {
      while (flooding && !socket.destroyed) {
        if (!socket.write(frames)) {
          await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), closed]);
        }
        await new Promise(setImmediate);
      }
    });
    // Connections that break are the first sign of a process that ends; then it says why.
    const broken = Promise.all(publishers.map(({ closed }) => closed)).then(() => died);
    try {
      for (let round = 0; round < 50; round++) {
        using reader = new RawClient(port);
        const subscriptions = [{ topic: "flood/#", qos: 0 as const }];
        reader.send(connectPacket("reader"), { cmd: "subscribe", messageId: 1, subscriptions });
        await Promise.race([reader.bytes(10_000).catch(() => broken), broken]);
        reader.socket.destroy();
      }
      expect(publishers.map(({ socket }) => socket.destroyed)).not.toContain(true);
      expect(warnings).toEqual([]);
    } finally {
      flooding = false;
      broken.catch(() => undefined);
      for (const publisher of publishers) publisher[Symbol.dispose]();
      await Promise.all(floods);
    }
  },
);
