// Every reader gets, per publisher and topic, all of it and in order, whatever came between.
import { once } from "node:events";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "./broker.js";
import { onFrames, publishFrame } from "./contract/frame-counter.js";
import { connectPacket, RawClient, TestClient } from "./contract/test-client.js";

let broker: Broker;
let lane = true;
beforeEach(async () => {
  broker = await startBroker({ port: 0 }, { lane });
});
afterEach(() => broker.close());

interface Sent {
  topic: number;
  qos: 0 | 1 | 2;
  retain: boolean;
}

/** Writes the bytes in pieces cut at these places, each in a turn of its own. */
async function writePieces(client: RawClient, bytes: Buffer, cuts: readonly number[]): Promise<void> {
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    client.socket.write(bytes.subarray(from, cut));
    from = cut;
    await new Promise(setImmediate);
  }
  client.socket.write(bytes.subarray(from));
}

/** The topic that nobody has subscribed to. */
const NOBODY = 3;
let run = 0;

async function failWhenClosed(client: RawClient): Promise<never> {
  await client.closed;
  throw new Error("closed before everything had come");
}

/** Sends the messages of each publisher in the way given, and checks what three kinds of readers got. */
async function exchange(streams: readonly Sent[][], cutsOf: (length: number) => number[]): Promise<void> {
  const root = `order${run++}`;
  const readers: { got: string[]; client: RawClient; qos: number }[] = [];
  for (const [qos, clean] of [
    [0, true],
    [1, true],
    [2, false],
  ] as const) {
    const client = new RawClient(broker.port);
    client.send(connectPacket(`${root}-reader-${qos}`, { clean }), {
      cmd: "subscribe",
      messageId: 1,
      subscriptions: [{ topic: `${root}/#`, qos }],
    });
    await client.bytes(4 + 5);
    const reader = { got: [] as string[], client, qos };
    onFrames(client, ({ topic, payload }) => reader.got.push(`${topic} ${payload.toString()}`));
    readers.push(reader);
  }
  const publishers = streams.map(() => new RawClient(broker.port));
  const expected = new Map<string, string[]>();
  const writes = streams.map(async (messages, p) => {
    const client = publishers[p] as RawClient;
    const frames = messages.map(({ topic, qos, retain }, i) => {
      // One topic has no reader: such messages are through the engine at once, and must not disturb their neighbours.
      const name = topic === NOBODY ? `${root}-nobody/${p}` : `${root}/${p}/${topic}`;
      if (topic === NOBODY) return publishFrame(name, String(i), qos, i + 1, retain);
      const list = expected.get(name) ?? [];
      expected.set(name, list);
      list.push(String(i));
      return publishFrame(name, String(i), qos, i + 1, retain);
    });
    const bytes = Buffer.concat(frames);
    client.send(connectPacket(`${root}-publisher-${p}`));
    await writePieces(client, bytes, cutsOf(bytes.length));
    onFrames(client, () => undefined); // only now: an answer must not come between two pieces of a packet
  });
  await Promise.all(writes);
  const count = [...expected.values()].reduce((sum, messages) => sum + messages.length, 0);
  for (const { client, got } of readers) {
    while (got.length < count) await Promise.race([once(client.socket, "data"), failWhenClosed(client)]);
  }
  for (const { got } of readers) {
    const perTopic = new Map<string, string[]>();
    for (const line of got) {
      const [topic = "", payload = ""] = line.split(" ");
      perTopic.set(topic, [...(perTopic.get(topic) ?? []), payload]);
    }
    expect(perTopic).toEqual(expected);
  }
  for (const client of [...publishers, ...readers.map((reader) => reader.client)]) client[Symbol.dispose]();
}

const message = fc.record<Sent>({
  topic: fc.integer({ min: 0, max: 3 }),
  qos: fc.constantFrom(0, 1, 2),
  retain: fc.boolean(),
});

describe.each([true, false])("with the lane: %s", (on) => {
  beforeAll(() => {
    lane = on;
  });

  test("any mix of QoS and retain, from several publishers, cut at any byte, arrives complete and in order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(message, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 3 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        (streams, cuts) => exchange(streams, (length) => cuts.map((cut) => Math.floor(cut * length))),
      ),
      { numRuns: 40 },
    );
  }, 60_000);

  test("a mixed stream of 20,000 messages at full speed: none lost, none displaced", async () => {
    const stream: Sent[] = Array.from({ length: 20_000 }, (_, i) => ({
      topic: i % 7,
      qos: ([0, 1, 0, 0, 1] as const)[i % 5] ?? 0,
      retain: i % 5 === 3,
    }));
    await exchange([stream], () => []);
  }, 60_000);
});

test("a subscriber never gets an older retained message after a newer live one", async () => {
  await using publisher = await TestClient.connect(`mqtt://127.0.0.1:${broker.port}`);
  const topics = Array.from({ length: 500 }, (_, i) => `state/${i}`);
  for (const topic of topics) await publisher.publish(topic, "0", { retain: true });
  await using subscriber = await TestClient.connect(`mqtt://127.0.0.1:${broker.port}`);
  const subscribed = subscriber.subscribe("state/+", 1);
  for (const topic of topics) await publisher.publish(topic, "1", { qos: 1, retain: true });
  await subscribed;
  await publisher.publish("state/marker", "", { qos: 1 });
  await subscriber.settled("state/marker");
  for (const topic of topics) {
    const values = subscriber.seen.filter((each) => each.topic === topic).map(({ payload }) => payload);
    expect(values.join(""), topic).toMatch(/^0*1+$/);
  }
});
