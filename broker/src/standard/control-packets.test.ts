// The format of control packets: flags and packet identifiers [MQTT-2].
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { startBroker } from "../broker.js";
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
  const filter = field("flags/t");

  test("[MQTT-2.2.2-1] the broker's own packets have the flags that their type wants", async () => {
    using peer = await Peer.connected(broker.port);
    await peer.subscribe("flags/t", 2);
    using publisher = await Peer.connected(broker.port);
    await publisher.publishOnce("flags/t", "m");
    const { messageId = 0 } = await peer.next("publish");
    peer.send({ cmd: "pubrec", messageId });
    await peer.next("pubrel");
    peer.send(
      { cmd: "pubcomp", messageId },
      { cmd: "unsubscribe", messageId: 6, unsubscriptions: ["flags/t"] },
    );
    await peer.next("unsuback");
    await peer.publishOnce("flags/t", "m");
    await peer.publish("flags/t", "m");
    peer.send({ cmd: "pingreq" });
    await peer.next("pingresp");
    const wanted = new Set([0x20, 0x34, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0, 0xd0]);
    expect(new Set(peer.firstBytes())).toEqual(wanted);
  });

  test("[MQTT-2.2.2-2] other flags than a type's own end the connection", async () => {
    const faulty = [
      packet(0x41, 0, 1),
      packet(0x52, 0, 1),
      packet(0x60, 0, 1),
      packet(0x72, 0, 1),
      packet(0x80, 0, 1, filter, 0),
      packet(0xa0, 0, 1, filter),
      packet(0xc8),
      packet(0xe4),
    ];
    for (const bytes of faulty) expect(await answerTo(bytes)).toEqual([]);
  });

  test("[MQTT-2.3.1-1] packet identifier 0 ends the connection", async () => {
    const faulty = [
      packet(0x32, filter, identifier(0)),
      packet(0x34, filter, identifier(0)),
      packet(0x82, 0, 0, filter, 0),
      packet(0xa2, 0, 0, filter),
    ];
    for (const bytes of faulty) expect(await answerTo(bytes)).toEqual([]);
  });

  test("[MQTT-2.3.1-1] a missing packet identifier ends the connection", async () => {
    for (const bytes of [packet(0x32, filter), packet(0x34, filter, 1), packet(0x82, 1), packet(0xa2)]) {
      expect(await answerTo(bytes)).toEqual([]);
    }
  });

  test("[MQTT-2.3.1-4] [MQTT-2.3.1-2] messages that are not acknowledged have identifiers of their own", async () => {
    using publisher = await Peer.connected(broker.port);
    for (const clean of [true, false]) {
      using reader = await Peer.connected(broker.port, { clean });
      await reader.subscribe("own/#", 2);
      const count = 15; // Mosquitto has at most 20 under way
      for (let i = 0; i < count; i++) await publisher.publish("own/t", String(i));
      const ids = new Set<number>();
      for (let i = 0; i < count; i++) ids.add((await reader.next("publish")).messageId ?? 0);
      expect(ids.size).toBe(count);
      expect(ids.has(0)).toBe(false);
    }
  });

  test("[MQTT-2.3.1-4] [MQTT-2.3.1-3] a message is sent again with the identifier that it had", async () => {
    const session = { clientId: "same-identifier", clean: false };
    using publisher = await Peer.connected(broker.port);
    using first = await Peer.connected(broker.port, session);
    await first.subscribe("same/#", 1);
    for (const payload of ["a", "b", "c"]) await publisher.publish("same/t", payload);
    const ids = new Map<string, number | undefined>();
    for (let i = 0; i < 3; i++) {
      const { payload, messageId } = await first.next("publish");
      ids.set(payload.toString(), messageId);
    }
    await first.break();
    await publisher.publish("same/t", "d");
    using again = await Peer.connected(broker.port, session);
    for (let i = 0; i < 3; i++) {
      const { payload, messageId } = await again.next("publish");
      expect(messageId).toBe(ids.get(payload.toString()));
    }
    expect([...ids.values()]).not.toContain((await again.next("publish")).messageId);
  });

  test("[MQTT-2.3.1-5] a message of QoS 0 is sent without an identifier", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("zero/t", 0);
    using publisher = await Peer.connected(broker.port);
    publisher.send(publishFrame("zero/t", "m", 1, 0x4142), publishFrame("zero/t", "m", 0));
    for (let i = 0; i < 2; i++) await reader.next("publish");
    const frame = publishFrame("zero/t", "m", 0);
    expect(reader.bytes.subarray(-2 * frame.length)).toEqual(Buffer.concat([frame, frame]));
  });

  test("[MQTT-2.3.1-6] PUBACK, PUBREC, PUBREL and PUBCOMP carry the identifier of their PUBLISH", async () => {
    using peer = await Peer.connected(broker.port);
    for (const id of [1, 0x1234, 65_535]) {
      peer.send(publishFrame("carry/t", "m", 1, id));
      expect(await peer.next("puback")).toMatchObject({ messageId: id });
      peer.send(publishFrame("carry/t", "m", 2, id));
      expect(await peer.next("pubrec")).toMatchObject({ messageId: id });
      peer.send({ cmd: "pubrel", messageId: id });
      expect(await peer.next("pubcomp")).toMatchObject({ messageId: id });
    }
    await peer.subscribe("carried/t", 2);
    using publisher = await Peer.connected(broker.port);
    await publisher.publishOnce("carried/t", "m");
    const { messageId = 0 } = await peer.next("publish");
    peer.send({ cmd: "pubrec", messageId });
    expect(await peer.next("pubrel")).toMatchObject({ messageId });
  });

  test("[MQTT-2.3.1-7] SUBACK and UNSUBACK carry the identifier of what they answer", async () => {
    using peer = await Peer.connected(broker.port);
    for (const messageId of [1, 0x1234, 65_535]) {
      peer.send({ cmd: "subscribe", messageId, subscriptions: [{ topic: "t", qos: 0 }] });
      expect(await peer.next("suback")).toMatchObject({ messageId });
      peer.send({ cmd: "unsubscribe", messageId, unsubscriptions: ["t"] });
      expect(await peer.next("unsuback")).toMatchObject({ messageId });
    }
  });
});

test("[MQTT-2.3.1-4] an identifier is not given again while it is unacknowledged, however many messages follow", async () => {
  await using broker = await startBroker({ port: 0 });
  using reader = await Peer.connected(broker.port);
  await reader.subscribe("round/t", 1);
  using publisher = await Peer.connected(broker.port);
  const batch = Array.from({ length: 1_000 }, (_, i) => publishFrame("round/t", "", 1, i + 1));
  let unacknowledged: number | undefined;
  for (let round = 0; round < 66; round++) {
    publisher.send(...batch);
    for (let i = 0; i < batch.length; i++) {
      const { messageId = 0 } = await reader.next("publish");
      if (unacknowledged === undefined) unacknowledged = messageId;
      else {
        expect(messageId).not.toBe(unacknowledged);
        reader.send(Buffer.from([0x40, 2, messageId >> 8, messageId & 255]));
      }
    }
    for (let i = 0; i < batch.length; i++) await publisher.next("puback");
  }
});
