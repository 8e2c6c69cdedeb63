// PUBLISH [MQTT-3.3], but for retained messages.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishFrame } from "../contract/frame-counter.js";
import { CANDIDATES, heldBy } from "./brokers.js";
import { field, identifier, packet } from "./bytes.js";
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

  test("[MQTT-3.3.1-1] a message that is sent again has DUP, the first time it has not", async () => {
    const session = { clientId: "dup", clean: false };
    using first = await Peer.connected(broker.port, session);
    await first.subscribe(["dup/1", "dup/2"], 2);
    using publisher = await Peer.connected(broker.port);
    publisher.send(publishFrame("dup/1", "m", 1, 1), publishFrame("dup/2", "m", 2, 2));
    await publisher.next("puback");
    await publisher.next("pubrec");
    publisher.send({ cmd: "pubrel", messageId: 2 });
    for (let i = 0; i < 2; i++) expect(await first.next("publish")).toMatchObject({ dup: false });
    await first.break();
    using again = await Peer.connected(broker.port, session);
    for (let i = 0; i < 2; i++) expect(await again.next("publish")).toMatchObject({ dup: true });
  });

  test("[MQTT-3.3.1-2] a message of QoS 0 with DUP ends the connection", async () => {
    expect(await answerTo(packet(0x38, field("t"), Buffer.from("x")))).toEqual([]);
  });

  test("[MQTT-3.3.1-3] the DUP of a publisher is not passed on", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("passed/#", 2);
    using publisher = await Peer.connected(broker.port);
    publisher.send(
      packet(0x3a, field("passed/1"), identifier(1), Buffer.from("x")),
      packet(0x3c, field("passed/2"), identifier(2), Buffer.from("x")),
    );
    await publisher.next("puback");
    await publisher.next("pubrec");
    publisher.send({ cmd: "pubrel", messageId: 2 });
    await publisher.next("pubcomp");
    for (const topic of ["passed/1", "passed/2"]) {
      expect(await reader.next("publish")).toMatchObject({ topic, dup: false });
    }
  });

  test("[MQTT-3.3.1-4] QoS 3 ends the connection", async () => {
    for (const first of [0x36, 0x37, 0x3e, 0x3f]) {
      expect(await answerTo(packet(first, field("t"), identifier(1), Buffer.from("x")))).toEqual([]);
    }
  });

  test("[MQTT-3.3.2-1] a PUBLISH without a whole topic name ends the connection", async () => {
    for (const body of [[], [0], [0, 5, 97], [255, 255, 97]]) {
      expect(await answerTo(packet(0x30, ...body))).toEqual([]);
    }
  });

  test("[MQTT-3.3.2-2] a topic name with a wildcard ends the connection", async () => {
    for (const topic of ["#", "+", "a/#", "a/+/b", "a#", "a+b"]) {
      expect(await answerTo(packet(0x30, field(topic)))).toEqual([]);
      expect(await answerTo(packet(0x32, field(topic), identifier(1)))).toEqual([]);
    }
  });

  test("[MQTT-3.3.2-3] the topic that is delivered is the publisher's, and matches the subscription", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe(["named/+/x", "named/deep/#"], 1);
    using publisher = await Peer.connected(broker.port);
    for (const topic of ["named/a/x", "named/a/y", "named/deep/a/b", "named"])
      await publisher.publish(topic, topic);
    const messages = await reader.messages();
    expect(messages.map(({ topic }) => topic)).toEqual(["named/a/x", "named/deep/a/b"]);
    for (const { topic, payload } of messages) expect(payload.toString()).toBe(topic);
  });

  test("[MQTT-3.3.4-1] QoS 0 is not answered, QoS 1 by PUBACK, QoS 2 by PUBREC", async () => {
    using publisher = await Peer.connected(broker.port);
    publisher.send(publishFrame("answer", "", 0), publishFrame("answer", "", 1, 3));
    expect(await publisher.next("puback")).toMatchObject({ messageId: 3 });
    publisher.send(publishFrame("answer", "", 2, 4));
    expect(await publisher.next("pubrec")).toMatchObject({ messageId: 4 });
  });

  test("[MQTT-3.3.5-1] of overlapping subscriptions the highest QoS counts", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("overlap/#", 0);
    await reader.subscribe("overlap/+", 2);
    await reader.subscribe("+/t", 1);
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("overlap/t", "m");
    const messages = await reader.messages();
    expect(Math.max(...messages.map(({ qos }) => qos))).toBe(1);
    expect(messages[0]).toMatchObject({ topic: "overlap/t", payload: Buffer.from("m") });
  });

  test("[MQTT-3.3.5-1] a wildcard of a higher QoS counts beside the exact topic", async () => {
    for (const clean of [true, false]) {
      using reader = await Peer.connected(broker.port, { clean });
      await reader.subscribe("exact/t", 0);
      await reader.subscribe("exact/+", 1);
      using publisher = await Peer.connected(broker.port);
      await publisher.publish("exact/t", "m");
      const messages = await reader.messages();
      expect(Math.max(...messages.map(({ qos }) => qos))).toBe(1);
    }
  });

  test("[MQTT-3.3.5-2] a message that may not be published is acknowledged all the same, and nobody gets it", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("$SYS/forged", 2);
    using publisher = await Peer.connected(broker.port);
    publisher.send(publishFrame("$SYS/forged", "1", 0), publishFrame("$SYS/forged", "2", 1, 7));
    expect(await publisher.next("puback")).toMatchObject({ messageId: 7 });
    publisher.send(publishFrame("$SYS/forged", "3", 2, 8));
    expect(await publisher.next("pubrec")).toMatchObject({ messageId: 8 });
    publisher.send({ cmd: "pubrel", messageId: 8 });
    expect(await publisher.next("pubcomp")).toMatchObject({ messageId: 8 });
    expect(await reader.messages()).toEqual([]);
  });
});
