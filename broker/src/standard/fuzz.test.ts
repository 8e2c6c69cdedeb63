// Bytes that no client means: whatever comes, the broker stands, and one bad client harms no other [MQTT-4.8.0-1].
import fc from "fast-check";
import { generate, type Packet } from "mqtt-packet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../broker.js";
import { publishFrame } from "../contract/frame-counter.js";
import { connectPacket } from "../contract/test-client.js";
import { Peer } from "./peer.js";

/** For each of the two ways to the broker; what is left of it is not run. */
const TIME_LIMIT_MS = 4_000;
/** Together they have each of the fields that the walker reads. */
const VALID: readonly Packet[] = [
  connectPacket("fuzz", {
    clean: false,
    username: "name",
    password: Buffer.from("word"),
    will: { topic: "fuzz/will", payload: Buffer.from("gone"), qos: 1, retain: false },
  }),
  ...([0, 1, 2] as const).map(
    (qos): Packet => ({
      cmd: "publish",
      topic: "fuzz/é/t",
      payload: "payload",
      qos,
      messageId: 7,
      dup: false,
      retain: false,
    }),
  ),
  { cmd: "publish", topic: "fuzz/long", payload: "x".repeat(20_000), qos: 0, dup: false, retain: false },
  { cmd: "puback", messageId: 7 },
  { cmd: "pubrec", messageId: 7 },
  { cmd: "pubrel", messageId: 7 },
  { cmd: "pubcomp", messageId: 7 },
  {
    cmd: "subscribe",
    messageId: 8,
    subscriptions: [
      { topic: "fuzz/+/t", qos: 1 },
      { topic: "fuzz/#", qos: 2 },
    ],
  },
  { cmd: "unsubscribe", messageId: 9, unsubscriptions: ["fuzz/#", "fuzz/t"] },
  { cmd: "pingreq" },
  { cmd: "disconnect" },
];

const valid = fc.constantFrom(...VALID.map((packet) => generate(packet)));
const random = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
/** A valid packet with some of its bytes replaced, taken out or doubled; mostly near its beginning, where lengths are. */
const mutated = fc
  .tuple(
    valid,
    fc.array(
      fc.record({
        kind: fc.constantFrom("replace", "remove", "insert", "truncate"),
        at: fc.oneof(fc.nat(12), fc.nat(60)),
        byte: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([packet, changes]) => {
    let bytes: Buffer = packet;
    for (const { kind, at, byte } of changes) {
      const before = bytes.subarray(0, at);
      if (kind === "truncate") bytes = before;
      else if (kind === "remove") bytes = Buffer.concat([before, bytes.subarray(at + 1)]);
      else if (kind === "insert") bytes = Buffer.concat([before, Buffer.from([byte]), bytes.subarray(at)]);
      else bytes = Buffer.concat([before, Buffer.from([byte]), bytes.subarray(at + 1)]);
    }
    return bytes;
  });
const stream = fc.array(fc.oneof(valid, mutated, random), { minLength: 1, maxLength: 6 });

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker({ port: 0 });
});
afterAll(() => broker.close());

describe.each([
  ["before CONNECT", false],
  ["after CONNECT", true],
])("%s", (_when, connected) => {
  test("[MQTT-4.8.0-1] no bytes bring the broker down, and a bystander gets all that is its own", async () => {
    using bystander = await Peer.connected(broker.port);
    await bystander.subscribe("bystander/#", 1);
    using publisher = await Peer.connected(broker.port);
    let round = 0;
    await fc.assert(
      fc.asyncProperty(stream, fc.array(fc.nat(300), { maxLength: 4 }), async (parts, cuts) => {
        using bad = connected ? await Peer.connected(broker.port) : new Peer(broker.port);
        const bytes = Buffer.concat(parts);
        let from = 0;
        for (const cut of [...cuts].sort((a, b) => a - b)) {
          bad.send(bytes.subarray(from, cut));
          from = Math.min(cut, bytes.length);
          await new Promise(setImmediate);
        }
        bad.send(bytes.subarray(from));
        round += 1;
        publisher.send(publishFrame("bystander/lane", String(round)));
        await publisher.publish("bystander/t", String(round));
        for (let i = 0; i < 2; i++) {
          const { topic, payload, messageId } = await bystander.next("publish");
          expect(topic).toMatch(/^bystander/);
          expect(payload.toString()).toBe(String(round));
          if (messageId !== undefined) bystander.send({ cmd: "puback", messageId });
        }
        await bad.break();
      }),
      { numRuns: 400, interruptAfterTimeLimit: TIME_LIMIT_MS, markInterruptAsFailure: false },
    );
    expect(round).toBeGreaterThan(20);
  });
});
