// What bare Aedes loses and reorders inside itself.
import { expect, test, vi } from "vitest";
import { onFrames, publishFrame } from "../contract/frame-counter.js";
import { connectPacket, RawClient, TestClient } from "../contract/test-client.js";
import { onlyOursBy } from "./only-ours.js";
import type { Subject } from "./subjects.js";

const onlyOurs = onlyOursBy(test);

const PUBACK = 0x40;
const PUBCOMP = 0x70;
/** Something else came than all of it in its order. */
const bareAedes = /^expected '.*' to be '0,1,2,/;

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

/** A reader of everything below a root, and what it gets. */
async function reading(
  broker: Subject,
  root: string,
  qos: 0 | 1 | 2,
): Promise<{ client: RawClient; got: string[] }> {
  const client = new RawClient(broker.port);
  const subscriptions = [{ topic: `${root}/#`, qos }];
  client.send(connectPacket(`${root}-reader`), { cmd: "subscribe", messageId: 1, subscriptions });
  await client.bytes(4 + 5);
  const got: string[] = [];
  onFrames(client, ({ payload }) => got.push(payload.toString()));
  return { client, got };
}

async function publishing(broker: Subject): Promise<RawClient> {
  const client = new RawClient(broker.port);
  client.send(connectPacket("publisher"));
  await client.bytes(4);
  return client;
}

/** All of it, in its order. */
async function gets(broker: Subject, got: readonly string[], sent: readonly string[]): Promise<void> {
  await vi.waitFor(() => expect(got.join()).toBe(sent.join()), { timeout: broker.patienceMs });
}

onlyOurs(
  "a message that a later one could overtake reaches its connected subscriber",
  { bareAedes },
  async (broker) => {
    const { client, got } = await reading(broker, "overtaken", 0);
    using _reader = client;
    using publisher = await publishing(broker);
    // Every second one is retained, and so takes a step more inside of Aedes.
    const sent = numbers(100);
    publisher.send(...sent.map((i) => publishFrame("overtaken/x", i, 0, 0, Number(i) % 2 === 0)));
    await gets(broker, got, sent);
  },
);

// In bare Aedes it is those of QoS 2 that are lost: one of QoS 1 goes through it alone, as long as nothing in between
// takes its time.
onlyOurs(
  "no message is acknowledged and then dropped for a subscriber that stays connected",
  { bareAedes },
  async (broker) => {
    const { client, got } = await reading(broker, "acknowledged", 2);
    using _reader = client;
    using publisher = await publishing(broker);
    const sent = numbers(100);
    const qos = (i: number) => (i < 50 ? 1 : 2);
    publisher.send(
      ...sent.map(Number).map((i) => publishFrame("acknowledged/x", String(i), qos(i), i + 1, i % 2 === 0)),
    );
    const acknowledged = new Set<number>();
    onFrames(
      publisher,
      () => undefined,
      (first, id) => {
        if (first === PUBACK || first === PUBCOMP) acknowledged.add(id);
      },
    );
    await vi.waitFor(() => expect(acknowledged.size).toBe(sent.length), { timeout: 30_000 });
    await gets(broker, got, sent);
  },
);

onlyOurs(
  "a persistent session that returns gets what was held before what is live [MQTT-4.6.0]",
  { bareAedes },
  async (broker) => {
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const session = { clientId: "returning", clean: false };
    const first = await TestClient.connect(url, session);
    await first.subscribe("back/#", 1);
    await first.end();
    await using publisher = await TestClient.connect(url);
    const sent = numbers(3_000);
    for (const i of sent.slice(0, 1_000)) await publisher.publish("back/x", i, { qos: 1 });
    const rest = (async () => {
      for (const i of sent.slice(1_000)) await publisher.publish("back/x", i, { qos: 1 });
    })();
    await using again = await TestClient.connect(url, session);
    await rest;
    const got = () => again.seen.map(({ payload }) => payload).join();
    await vi.waitFor(() => expect(got()).toBe(sent.join()), { timeout: broker.patienceMs });
  },
);

onlyOurs("CONNECT and 500 messages in one write: none is lost", { bareAedes }, async (broker) => {
  const { client, got } = await reading(broker, "at-once", 0);
  using _reader = client;
  using publisher = new RawClient(broker.port);
  const sent = numbers(500);
  publisher.send(connectPacket("hasty"), ...sent.map((i) => publishFrame("at-once/x", i)));
  await gets(broker, got, sent);
});
