// UNSUBSCRIBE and UNSUBACK [MQTT-3.10, MQTT-3.11], PINGREQ and PINGRESP [MQTT-3.12, MQTT-3.13].
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
  async function unsubscribe(peer: Peer, ...unsubscriptions: string[]): Promise<void> {
    peer.send({ cmd: "unsubscribe", messageId: 77, unsubscriptions });
    expect(await peer.next("unsuback")).toMatchObject({ messageId: 77 });
  }
  const filter = field("t");

  test("[MQTT-3.10.1-1] UNSUBSCRIBE with other flags ends the connection", async () => {
    for (const first of [0xa0, 0xa1, 0xa3, 0xaa])
      expect(await answerTo(packet(first, 0, 1, filter))).toEqual([]);
  });

  test("[MQTT-3.10.3-1] a filter that is not UTF-8, or not whole, ends the connection", async () => {
    for (const text of [field(Buffer.from([0xc0, 0x80])), field("a\0b"), Buffer.from([0, 9, 97])]) {
      expect(await answerTo(packet(0xa2, 0, 1, text))).toEqual([]);
    }
  });

  test("[MQTT-3.10.3-2] UNSUBSCRIBE without a filter ends the connection", async () => {
    expect(await answerTo(packet(0xa2, 0, 1))).toEqual([]);
  });

  test("[MQTT-3.10.4-1] only the filter with the same characters is ended", async () => {
    using peer = await Peer.connected(broker.port);
    await peer.subscribe(["same/+", "same/#", "same/a"], 0);
    await unsubscribe(peer, "same/A", "same", "same/+/#", "+/a", "same/a/");
    using publisher = await Peer.connected(broker.port);
    await unsubscribe(peer, "same/#");
    await publisher.publish("same/b/c", "only # matched");
    expect(await peer.messages()).toEqual([]);
    await unsubscribe(peer, "same/a");
    await publisher.publish("same/a", "+ matches");
    expect(await peer.messages()).toMatchObject([{ topic: "same/a" }]);
    await unsubscribe(peer, "same/+");
    await publisher.publish("same/a", "nothing matches");
    expect(await peer.messages()).toEqual([]);
  });

  test("[MQTT-3.10.4-2] after UNSUBACK no new messages are added", async () => {
    const session = { clientId: "unsubscribed", clean: false };
    using peer = await Peer.connected(broker.port, session);
    await peer.subscribe("ended/t", 1);
    await unsubscribe(peer, "ended/t");
    using publisher = await Peer.connected(broker.port);
    publisher.send(publishFrame("ended/t", "0", 0));
    await publisher.publish("ended/t", "1");
    expect(await peer.messages()).toEqual([]);
    await peer.leave();
    await publisher.publish("ended/t", "2");
    using again = await Peer.connected(broker.port, session);
    expect(await again.messages()).toEqual([]);
  });

  test("[MQTT-3.10.4-3] a QoS 1 message that was sent before UNSUBSCRIBE is sent again until it is acknowledged", async () => {
    const session = { clientId: "under-way-1", clean: false };
    using peer = await Peer.connected(broker.port, session);
    await peer.subscribe("way/1", 1);
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("way/1", "m");
    const { messageId } = await peer.next("publish");
    await unsubscribe(peer, "way/1");
    await peer.break();
    using again = await Peer.connected(broker.port, session);
    expect(await again.next("publish")).toMatchObject({ messageId, dup: true });
  });

  test("[MQTT-3.10.4-3] a QoS 2 message that was sent before UNSUBSCRIBE is completed", async () => {
    using peer = await Peer.connected(broker.port);
    await peer.subscribe("way/2", 2);
    using publisher = await Peer.connected(broker.port);
    await publisher.publishOnce("way/2", "m");
    const { messageId = 0 } = await peer.next("publish");
    await unsubscribe(peer, "way/2");
    peer.send({ cmd: "pubrec", messageId });
    expect(await peer.next("pubrel")).toMatchObject({ messageId });
  });

  test("[MQTT-3.10.4-4] UNSUBSCRIBE is answered by UNSUBACK with its identifier", async () => {
    using peer = await Peer.connected(broker.port);
    await peer.subscribe("answered/t");
    for (const messageId of [1, 0x0102, 65_535]) {
      peer.send({ cmd: "unsubscribe", messageId, unsubscriptions: ["answered/t"] });
      expect(await peer.next("unsuback")).toMatchObject({ messageId });
    }
  });

  test("[MQTT-3.10.4-5] a filter that was not subscribed is answered, too", async () => {
    using peer = await Peer.connected(broker.port);
    await unsubscribe(peer, "never/t");
  });

  test("[MQTT-3.10.4-6] many filters are ended, and answered by one UNSUBACK", async () => {
    using peer = await Peer.connected(broker.port);
    await peer.subscribe(["several/1", "several/2", "several/3"]);
    await unsubscribe(peer, "several/1", "several/never", "several/3");
    using publisher = await Peer.connected(broker.port);
    for (const topic of ["several/1", "several/2", "several/3"]) await publisher.publish(topic, "");
    expect(await peer.messages()).toMatchObject([{ topic: "several/2" }]);
  });

  test("[MQTT-3.12.4-1] PINGREQ is answered by PINGRESP", async () => {
    using peer = await Peer.connected(broker.port);
    peer.send({ cmd: "pingreq" }, { cmd: "pingreq" });
    await peer.next("pingresp");
    await peer.next("pingresp");
    peer.send({ cmd: "pingreq" });
    await peer.next("pingresp");
  });
});
