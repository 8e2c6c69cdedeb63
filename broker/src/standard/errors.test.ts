// What a fault does to a connection [MQTT-4.8], and what it needs of the network [MQTT-4.2, MQTT-7].
import { generate } from "mqtt-packet";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { OpenOnLoopback } from "../access/open-on-loopback.js";
import { startBroker } from "../broker.js";
import { publishFrame } from "../contract/frame-counter.js";
import { connectPacket } from "../contract/test-client.js";
import { CANDIDATES, heldBy } from "./brokers.js";
import { packet } from "./bytes.js";
import { Peer } from "./peer.js";

describe.each(CANDIDATES)("$name", ({ start, missing, differs }) => {
  let broker: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    if (missing === null) broker = await start();
  });
  afterAll(() => broker?.close());
  const test = heldBy({ missing, differs }, it);
  test("[MQTT-4.8.0-1] a packet that is no packet ends its connection, and no other", async () => {
    using other = await Peer.connected(broker.port);
    await other.subscribe("spared/t");
    const faulty = [
      packet(0x00),
      packet(0xf0),
      packet(0x20, 0, 0), // packets that only a server sends
      packet(0x90, 0, 1, 0),
      packet(0xb0, 0, 1),
      packet(0xd0),
      Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]), // a length of five bytes
    ];
    for (const bytes of faulty) {
      using peer = await Peer.connected(broker.port);
      peer.send(bytes);
      expect(await peer.closedAfter()).toEqual([]);
    }
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("spared/t", "m");
    expect(await other.messages()).toHaveLength(1);
  });

  test("[MQTT-4.8.0-1] packets with bytes too few or too many end the connection", async () => {
    const faulty = [
      packet(0x40),
      packet(0x40, 1),
      packet(0x40, 0, 1, 0),
      packet(0x62, 0, 1, 0),
      packet(0xc0, 0),
      packet(0xe0, 0),
      packet(0x82, 0, 1, 0),
      packet(0xa2, 0, 1, 0, 2, 97),
    ];
    for (const bytes of faulty) {
      using peer = await Peer.connected(broker.port);
      peer.send(bytes);
      expect(await peer.closedAfter()).toEqual([]);
    }
  });

  test("[MQTT-4.8.0-1] what stood before the fault is carried out, what stands after it is not", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("stood/t");
    using peer = await Peer.connected(broker.port);
    peer.send(publishFrame("stood/t", "before", 1, 1), packet(0xf0), publishFrame("stood/t", "after", 1, 2));
    await peer.closed;
    expect((await reader.messages()).map(({ payload }) => payload.toString())).toEqual(["before"]);
  });

  test("[MQTT-7.1.1-1] over TCP the bytes may come one by one", async () => {
    using peer = new Peer(broker.port);
    const packets = [
      connectPacket("byte-by-byte"),
      { cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "bytes/t", qos: 1 }] },
      { cmd: "publish", topic: "bytes/t", payload: "x".repeat(200), qos: 0, dup: false, retain: false },
      { cmd: "pingreq" },
    ] as const;
    const bytes = Buffer.concat(packets.map((each) => generate(each as Parameters<typeof generate>[0])));
    for (const byte of bytes) {
      peer.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await peer.next("connack");
    const kinds = new Set<string>();
    for (let i = 0; i < 3; i++) kinds.add((await peer.either("suback", "publish", "pingresp")).cmd);
    expect(kinds).toEqual(new Set(["suback", "publish", "pingresp"]));
  });

  test("[MQTT-7.0.0-2] a session from CONNECT to DISCONNECT needs nothing beyond the standard", async () => {
    using peer = await Peer.connected(broker.port);
    await peer.subscribe("plain/t", 2);
    using publisher = await Peer.connected(broker.port);
    await publisher.publishOnce("plain/t", "m");
    const { messageId = 0 } = await peer.next("publish");
    peer.send({ cmd: "pubrec", messageId });
    await peer.next("pubrel");
    peer.send({ cmd: "pubcomp", messageId });
    await peer.leave();
  });
});

test("[MQTT-4.8.0-2] when the broker itself fails at a packet, its connection is closed", async () => {
  class Failing extends OpenOnLoopback {
    override admit(): Promise<never> {
      return Promise.reject(new Error("the store of users is away"));
    }
  }
  await using broker = await startBroker({ port: 0 }, { access: new Failing() });
  using peer = new Peer(broker.port);
  peer.send(connectPacket("transient"), { cmd: "pingreq" });
  expect(await peer.closedAfter()).toMatchObject([{ cmd: "connack", returnCode: 3 }]);
});
