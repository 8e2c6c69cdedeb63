// SUBSCRIBE and SUBACK [MQTT-3.8, MQTT-3.9].
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishFrame } from "../contract/frame-counter.js";
import { CANDIDATES, heldBy } from "./brokers.js";
import { field, packet } from "./bytes.js";
import { Peer } from "./peer.js";

describe.each(CANDIDATES)("$name", ({ start, missing, differs }) => {
  let broker: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    if (missing === null) broker = await start();
  });
  afterAll(() => broker?.close());
  const test = heldBy({ missing, differs }, it);
  /** A connected client sends this; what came until the broker closed the connection. */
  async function answerTo(...bytes: Buffer[]): Promise<object[]> {
    using peer = await Peer.connected(broker.port);
    peer.send(...bytes);
    return await peer.closedAfter();
  }
  const filter = field("t");

  test("[MQTT-3.8.1-1] SUBSCRIBE with other flags ends the connection", async () => {
    for (const first of [0x80, 0x81, 0x83, 0x8a])
      expect(await answerTo(packet(first, 0, 1, filter, 0))).toEqual([]);
  });

  test("[MQTT-3.8.3-1] a filter that is not UTF-8, or not whole, ends the connection", async () => {
    for (const text of [field(Buffer.from([0xff])), field("a\0b"), Buffer.from([0, 9, 97])]) {
      expect(await answerTo(packet(0x82, 0, 1, text, 0))).toEqual([]);
    }
  });

  test("[MQTT-3.8.3-2] filters with wildcards are supported", async () => {
    using peer = await Peer.connected(broker.port);
    expect(await peer.subscribe(["+", "#", "wild/+/x", "wild/#", "+/+/#"], 1)).toEqual([1, 1, 1, 1, 1]);
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("wild/a/x", "m");
    expect(await peer.next("publish")).toMatchObject({ topic: "wild/a/x" });
  });

  test("[MQTT-3.8.3-3] SUBSCRIBE without a filter ends the connection", async () => {
    expect(await answerTo(packet(0x82, 0, 1))).toEqual([]);
  });

  test("[MQTT-3.8.3-4] a requested QoS above 2, or with other bits, ends the connection", async () => {
    for (const qos of [3, 4, 0x80, 0xfd]) expect(await answerTo(packet(0x82, 0, 1, filter, qos))).toEqual([]);
    expect(await answerTo(packet(0x82, 0, 1, filter, 0, filter, 3))).toEqual([]);
    expect(await answerTo(packet(0x82, 0, 1, filter))).toEqual([]);
  });

  test("[MQTT-3.8.4-1] [MQTT-3.8.4-2] SUBSCRIBE is answered by SUBACK with its identifier", async () => {
    using peer = await Peer.connected(broker.port);
    for (const messageId of [1, 2, 65_535]) {
      peer.send({ cmd: "subscribe", messageId, subscriptions: [{ topic: "answered", qos: 1 }] });
      expect(await peer.next("suback")).toMatchObject({ messageId, granted: [1] });
    }
  });

  test("[MQTT-3.8.4-3] subscribing again replaces the QoS, and brings what is retained again", async () => {
    for (const clean of [true, false]) {
      using publisher = await Peer.connected(broker.port);
      await publisher.publish("again/t", "kept", true);
      using peer = await Peer.connected(broker.port, { clean });
      for (const qos of [0, 1, 1, 0] as const) {
        expect(await peer.subscribe("again/t", qos)).toEqual([qos]);
        expect(await peer.next("publish")).toMatchObject({ qos, retain: true });
        await publisher.publish("again/t", "live");
        expect(await peer.next("publish")).toMatchObject({ qos, payload: Buffer.from("live") });
        expect(await peer.messages()).toEqual([]); // once: there is one subscription
      }
    }
  });

  test("[MQTT-3.8.4-3] subscribing again lets no message fall between", async () => {
    using peer = await Peer.connected(broker.port);
    await peer.subscribe("between/t", 0);
    using publisher = await Peer.connected(broker.port);
    const count = 500;
    let next = 0;
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < count / 10; i++) publisher.send(publishFrame("between/t", String(next++), 0));
      await peer.subscribeQuietly("between/t", round % 2 === 0 ? 1 : 0);
    }
    for (let i = 0; i < count; i++) expect((await peer.next("publish")).payload.toString()).toBe(String(i));
  });

  test("[MQTT-3.8.4-4] [MQTT-3.8.4-5] [MQTT-3.9.3-1] many filters: one SUBACK with a code for each, in their order", async () => {
    using peer = await Peer.connected(broker.port);
    const subscriptions = ([2, 0, 1, 1, 0, 2] as const).map((qos, i) => ({ topic: `many/${i}`, qos }));
    peer.send({ cmd: "subscribe", messageId: 1, subscriptions });
    expect(await peer.next("suback")).toMatchObject({ granted: [2, 0, 1, 1, 0, 2] });
    using publisher = await Peer.connected(broker.port);
    for (const { topic } of subscriptions) await publisher.publish(topic, "m");
    expect((await peer.messages()).map(({ topic }) => topic)).toEqual(
      subscriptions.map(({ topic }) => topic),
    );
  });

  test("[MQTT-3.8.4-5] a filter that stands twice in one SUBSCRIBE has two codes, and the later QoS", async () => {
    for (const clean of [true, false]) {
      using peer = await Peer.connected(broker.port, { clean });
      const subscriptions = [
        { topic: "twice/t", qos: 0 },
        { topic: "twice/u", qos: 2 },
        { topic: "twice/t", qos: 1 },
      ] as const;
      peer.send({ cmd: "subscribe", messageId: 1, subscriptions: [...subscriptions] });
      expect(await peer.next("suback")).toMatchObject({ granted: [0, 2, 1] });
      using publisher = await Peer.connected(broker.port);
      await publisher.publish("twice/t", "m");
      expect(await peer.messages()).toMatchObject([{ qos: 1 }]);
    }
  });

  test("[MQTT-3.8.4-6] a message comes at the lower of its QoS and the one granted", async () => {
    using publisher = await Peer.connected(broker.port);
    for (const granted of [0, 1, 2] as const) {
      using peer = await Peer.connected(broker.port);
      await peer.subscribe("lower/t", granted);
      for (const qos of [0, 1] as const) {
        publisher.send(publishFrame("lower/t", "m", qos, 1));
        expect(await peer.next("publish")).toMatchObject({ qos: Math.min(qos, granted) });
      }
      await publisher.next("puback");
      await publisher.publishOnce("lower/t", "m");
      expect(await peer.next("publish")).toMatchObject({ qos: Math.min(2, granted) });
    }
  });

  test("[MQTT-3.9.3-2] a refused subscription has code 0x80, its neighbours have theirs", async () => {
    using peer = await Peer.connected(broker.port);
    const subscriptions = [
      { topic: "code/a", qos: 1 },
      { topic: "$refused/t", qos: 1 },
      { topic: "code/b", qos: 2 },
    ] as const;
    peer.send({ cmd: "subscribe", messageId: 1, subscriptions: [...subscriptions] });
    expect(await peer.next("suback")).toMatchObject({ granted: [1, 0x80, 2] });
  });
});
