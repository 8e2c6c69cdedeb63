// The handshakes of QoS 0, 1 and 2 [MQTT-3.4 to 3.7, MQTT-4.3], and the order of messages [MQTT-4.6].
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishFrame } from "../contract/frame-counter.js";
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
  const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
  /** Below what Mosquitto has under way at once. */
  const UNDER_WAY = 15;

  test("[MQTT-3.6.1-1] PUBREL with other flags ends the connection", async () => {
    for (const first of [0x60, 0x61, 0x63, 0x6a]) {
      using peer = await Peer.connected(broker.port);
      peer.send(publishFrame("rel/t", "", 2, 1));
      await peer.next("pubrec");
      peer.send(packet(first, 0, 1));
      expect(await peer.closedAfter()).toEqual([]);
    }
  });

  test("[MQTT-4.3.1-1] QoS 0 is sent with QoS 0 and DUP 0", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("zero/t", 2);
    using publisher = await Peer.connected(broker.port);
    publisher.send(publishFrame("zero/t", "m", 0));
    expect(await reader.next("publish")).toMatchObject({ qos: 0, dup: false });
  });

  test("[MQTT-4.3.2-1] QoS 1 is sent once on a connection, with an identifier of its own and DUP 0", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("one/t", 1);
    using publisher = await Peer.connected(broker.port);
    for (const payload of ["a", "b"]) await publisher.publish("one/t", payload);
    const [a, b, ...more] = await reader.messages();
    expect([a, b]).toMatchObject([
      { qos: 1, dup: false },
      { qos: 1, dup: false },
    ]);
    expect(a?.messageId).not.toBe(b?.messageId);
    expect(more).toEqual([]);
  });

  test("[MQTT-4.3.2-2] QoS 1 is acknowledged, and its identifier is then free for a new message", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("free/t", 0);
    using publisher = await Peer.connected(broker.port);
    for (const payload of ["a", "b"]) {
      publisher.send(publishFrame("free/t", payload, 1, 9));
      expect(await publisher.next("puback")).toMatchObject({ messageId: 9 });
    }
    expect((await reader.messages()).map(({ payload }) => payload.toString())).toEqual(["a", "b"]);
  });

  test("[MQTT-4.3.3-1] QoS 2 is sent with DUP 0, and PUBREC is answered by PUBREL with the same identifier", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("two/t", 2);
    using publisher = await Peer.connected(broker.port);
    await publisher.publishOnce("two/t", "m");
    const { messageId = 0, qos, dup } = await reader.next("publish");
    expect([qos, dup]).toEqual([2, false]);
    reader.send({ cmd: "pubrec", messageId });
    expect(await reader.next("pubrel")).toMatchObject({ messageId });
    reader.send({ cmd: "pubcomp", messageId });
    expect(await reader.messages()).toEqual([]);
  });

  test("[MQTT-4.3.3-2] QoS 2 is passed on once however often it comes before PUBREL, and anew after PUBCOMP", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("exactly/t", 0);
    using publisher = await Peer.connected(broker.port);
    for (const payload of ["a", "b"]) {
      for (const first of [0x34, 0x3c, 0x3c]) {
        const frame = Buffer.from(publishFrame("exactly/t", payload, 2, 9));
        frame[0] = first;
        publisher.send(frame);
        expect(await publisher.next("pubrec")).toMatchObject({ messageId: 9 });
      }
      publisher.send({ cmd: "pubrel", messageId: 9 });
      expect(await publisher.next("pubcomp")).toMatchObject({ messageId: 9 });
    }
    expect((await reader.messages()).map(({ payload }) => payload.toString())).toEqual(["a", "b"]);
  });

  test("[MQTT-4.3.3-2] PUBREL is answered by PUBCOMP, also for an identifier that is not known any more", async () => {
    using publisher = await Peer.connected(broker.port);
    await publisher.publishOnce("comp/t", "m");
    for (const messageId of [65_001, 3]) {
      publisher.send({ cmd: "pubrel", messageId });
      expect(await publisher.next("pubcomp")).toMatchObject({ messageId });
    }
  });

  test("[MQTT-4.5.0-1] a message reaches every client that has a matching subscription", async () => {
    const readers = [];
    for (const filter of ["every/t", "every/+", "every/#", "+/t", "#"]) {
      const reader = await Peer.connected(broker.port);
      readers.push(reader);
      await reader.subscribe(filter, 1);
    }
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("every/t", "m");
    for (const reader of readers) {
      // "#" brings what the tests before have left as well.
      const messages = await reader.messages();
      expect(messages.filter(({ topic }) => topic === "every/t")).toHaveLength(1);
      reader[Symbol.dispose]();
    }
  });

  test("[MQTT-4.6.0-1] [MQTT-4.6.0-6] what is sent again comes in the order in which it was sent first", async () => {
    const session = { clientId: "again-in-order", clean: false };
    using first = await Peer.connected(broker.port, session);
    await first.subscribe("again/t", 2);
    using publisher = await Peer.connected(broker.port);
    for (const payload of numbers(UNDER_WAY)) await publisher.publish("again/t", payload);
    for (let i = 0; i < UNDER_WAY; i++) await first.next("publish");
    await first.break();
    await publisher.publish("again/t", "last");
    for (let i = 0; i < 2; i++) {
      using again = await Peer.connected(broker.port, session);
      const messages = await again.messages();
      expect(messages.map(({ payload }) => payload.toString())).toEqual([...numbers(UNDER_WAY), "last"]);
      await again.break();
    }
  });

  test("[MQTT-4.6.0-2] PUBACKs come in the order of their messages", async () => {
    using publisher = await Peer.connected(broker.port);
    const ids = numbers(200).map((n) => ((Number(n) * 7_919) % 65_535) + 1);
    publisher.send(...ids.map((id) => publishFrame(`acks/${id % 7}`, "m", 1, id)));
    for (const messageId of ids) expect(await publisher.next("puback")).toMatchObject({ messageId });
  });

  test("[MQTT-4.6.0-3] PUBRECs come in the order of their messages", async () => {
    using publisher = await Peer.connected(broker.port);
    const ids = numbers(UNDER_WAY).map((n) => ((Number(n) * 7_919) % 65_535) + 1);
    publisher.send(...ids.map((id) => publishFrame(`recs/${id % 7}`, "m", 2, id)));
    for (const messageId of ids) expect(await publisher.next("pubrec")).toMatchObject({ messageId });
  });

  test("[MQTT-4.6.0-4] PUBRELs come in the order of the PUBRECs", async () => {
    for (const clean of [true, false]) {
      using reader = await Peer.connected(broker.port, { clean });
      await reader.subscribe("rels/t", 2);
      using publisher = await Peer.connected(broker.port);
      for (const payload of numbers(UNDER_WAY)) await publisher.publishOnce("rels/t", payload);
      const ids: number[] = [];
      for (let i = 0; i < UNDER_WAY; i++) ids.push((await reader.next("publish")).messageId ?? 0);
      ids.reverse();
      reader.send(...ids.map((messageId) => ({ cmd: "pubrec", messageId }) as const));
      for (const messageId of ids) expect(await reader.next("pubrel")).toMatchObject({ messageId });
    }
  });

  test("[MQTT-4.6.0-5] [MQTT-4.6.0-6] messages of one topic and QoS come in the order in which they were published", async () => {
    for (const qos of [0, 1, 2] as const) {
      using reader = await Peer.connected(broker.port);
      await reader.subscribe(`ordered/${qos}`, qos);
      using publisher = await Peer.connected(broker.port);
      publisher.send(...numbers(UNDER_WAY).map((n) => publishFrame(`ordered/${qos}`, n, qos, Number(n) + 1)));
      for (let i = 0; qos === 2 && i < UNDER_WAY; i++) {
        const { messageId = 0 } = await publisher.next("pubrec");
        publisher.send({ cmd: "pubrel", messageId });
      }
      for (const n of numbers(UNDER_WAY)) expect((await reader.next("publish")).payload.toString()).toBe(n);
    }
  });
});
