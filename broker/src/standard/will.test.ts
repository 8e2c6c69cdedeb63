// The will of a CONNECT [MQTT-3.1.2.5], and DISCONNECT, which withdraws it [MQTT-3.14].
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
  const willed = (topic: string, more: object = {}): Promise<Peer> =>
    Peer.connected(broker.port, {
      will: { topic, payload: Buffer.from("gone"), qos: 1, retain: false, ...more },
    });
  /** What a new subscription to the topic brings. */
  async function retained(topic: string): Promise<object[]> {
    using late = await Peer.connected(broker.port);
    await late.subscribe(topic, 2);
    return await late.messages();
  }

  test("[MQTT-3.1.2-8] [MQTT-3.1.2-9] the will is published when the connection ends without DISCONNECT", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("will/+", 2);
    for (const qos of [0, 1, 2]) {
      using dying = await willed("will/broken", { qos });
      await dying.break();
      expect(await reader.next("publish")).toMatchObject({
        topic: "will/broken",
        payload: Buffer.from("gone"),
        qos,
        retain: false,
      });
    }
  });

  test("[MQTT-3.1.2-8] the will is published when the broker ends the connection for a fault", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("will/fault");
    using faulty = await willed("will/fault");
    faulty.send(packet(0xf0));
    await faulty.closed;
    expect(await reader.next("publish")).toMatchObject({ topic: "will/fault" });
  });

  test("[MQTT-3.1.2-10] a will is published once", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("will/once");
    const clientId = "will-once";
    using dying = await willed("will/once");
    await dying.break();
    await reader.next("publish");
    // A later connection of the same client, without a will, has none.
    for (let i = 0; i < 2; i++) {
      using again = await Peer.connected(broker.port, { clientId, clean: false });
      await again.break();
    }
    expect(await reader.messages()).toEqual([]);
  });

  test("[MQTT-3.1.2-12] without a will nothing is published when the connection breaks", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("#");
    await reader.messages(); // what others have left retained
    using dying = await Peer.connected(broker.port);
    await dying.break();
    const topics = (await reader.messages()).map(({ topic }) => topic);
    expect(topics).toEqual([]);
  });

  test("[MQTT-3.1.2-16] a will without retain is not retained, [MQTT-3.1.2-17] one with it is", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("will/kept/+");
    for (const retain of [false, true]) {
      using dying = await willed(`will/kept/${retain}`, { retain });
      await dying.break();
      expect(await reader.next("publish")).toMatchObject({ retain: false });
    }
    expect(await retained("will/kept/+")).toMatchObject([{ topic: "will/kept/true", qos: 1, retain: true }]);
  });

  test("[MQTT-3.14.1-1] DISCONNECT with flags is a fault: the connection ends, and the will is published", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("will/flags");
    using faulty = await willed("will/flags");
    faulty.send(packet(0xe1));
    await faulty.closed;
    expect(await reader.next("publish")).toMatchObject({ topic: "will/flags" });
  });

  test("[MQTT-3.14.4-3] [MQTT-3.1.2-10] DISCONNECT withdraws the will, and the broker closes", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("will/withdrawn");
    using leaving = await willed("will/withdrawn", { retain: true });
    await leaving.leave();
    expect(await reader.messages()).toEqual([]);
    expect(await retained("will/withdrawn")).toEqual([]);
  });

  test("[MQTT-3.14.4-2] what follows DISCONNECT is not carried out", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("will/late");
    using leaving = await Peer.connected(broker.port);
    const late = {
      cmd: "publish",
      topic: "will/late",
      payload: "",
      qos: 0,
      dup: false,
      retain: false,
    } as const;
    leaving.send({ cmd: "disconnect" }, late);
    await leaving.closed;
    expect(await reader.messages()).toEqual([]);
  });
});
