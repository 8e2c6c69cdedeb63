// Retained messages [MQTT-3.3.1.3].
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishFrame } from "../contract/frame-counter.js";
import { CANDIDATES, heldBy } from "./brokers.js";
import { Peer } from "./peer.js";

describe.each(CANDIDATES)("$name", ({ start, missing, differs }) => {
  let broker: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    if (missing === null) broker = await start();
  });
  afterAll(() => broker?.close());
  const test = heldBy({ missing, differs }, it);
  /** What a new subscription at QoS 2 brings. */
  async function retained(
    filter: string,
  ): Promise<{ topic: string; qos: number; retain: boolean; payload: string }[]> {
    using late = await Peer.connected(broker.port);
    await late.subscribe(filter, 2);
    const messages = await late.messages();
    return messages.map(({ topic, qos, retain, payload }) => ({
      topic,
      qos,
      retain,
      payload: payload.toString(),
    }));
  }

  test("[MQTT-3.3.1-5] a retained message is kept with its QoS", async () => {
    using publisher = await Peer.connected(broker.port);
    for (const qos of [0, 1, 2] as const)
      publisher.send(publishFrame(`kept/${qos}`, "m", qos, qos + 1, true));
    await publisher.next("puback");
    await publisher.next("pubrec");
    publisher.send({ cmd: "pubrel", messageId: 3 });
    await publisher.next("pubcomp");
    for (const qos of [0, 1, 2]) expect(await retained(`kept/${qos}`)).toMatchObject([{ qos, retain: true }]);
  });

  test("[MQTT-3.3.1-6] a new subscription brings the last retained message of each topic that it matches", async () => {
    using publisher = await Peer.connected(broker.port);
    for (const payload of ["old", "new"]) {
      for (const topic of ["each/a", "each/b", "each/b/c", "other"])
        await publisher.publish(topic, payload, true);
    }
    const got = await retained("each/#");
    expect(got.map(({ topic, payload }) => `${topic} ${payload}`).sort()).toEqual([
      "each/a new",
      "each/b new",
      "each/b/c new",
    ]);
  });

  test("[MQTT-3.3.1-7] a retained message of QoS 0 takes the place of the one before", async () => {
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("replaced", "1", true);
    publisher.send(publishFrame("replaced", "2", 0, 0, true));
    await publisher.publish("unrelated", "");
    expect(await retained("replaced")).toMatchObject([{ payload: "2", qos: 0 }]);
  });

  test("[MQTT-3.3.1-8] what a new subscription brings is marked as retained", async () => {
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("marked", "m", true);
    expect(await retained("marked")).toMatchObject([{ retain: true }]);
  });

  test("[MQTT-3.3.1-9] for a subscription that stands it is not marked", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("standing", 1);
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("standing", "1", true);
    publisher.send(publishFrame("standing", "2", 0, 0, true));
    for (let i = 0; i < 2; i++) expect(await reader.next("publish")).toMatchObject({ retain: false });
  });

  test("[MQTT-3.3.1-10] [MQTT-3.3.1-11] one without a payload is delivered, removes what was kept, and is not kept", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("removed", 1);
    using publisher = await Peer.connected(broker.port);
    for (const payload of ["m", ""]) await publisher.publish("removed", payload, true);
    expect((await reader.next("publish")).payload.toString()).toBe("m");
    expect(await reader.next("publish")).toMatchObject({
      topic: "removed",
      retain: false,
      payload: Buffer.alloc(0),
    });
    expect(await retained("removed")).toEqual([]);
  });

  test("[MQTT-3.3.1-12] a message without retain neither is kept nor changes what is", async () => {
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("unchanged", "kept", true);
    await publisher.publish("unchanged", "passing");
    await publisher.publish("unchanged", "");
    await publisher.publish("passing", "passing");
    expect(await retained("unchanged")).toMatchObject([{ payload: "kept" }]);
    expect(await retained("passing")).toEqual([]);
  });

  test("[MQTT-3.1.2-7] retained messages outlive the session that published them", async () => {
    for (const clean of [true, false]) {
      const clientId = `outlived-${clean}`;
      using publisher = await Peer.connected(broker.port, { clientId, clean });
      await publisher.publish(clientId, "m", true);
      await publisher.leave();
      using ending = await Peer.connected(broker.port, { clientId, clean: true });
      await ending.leave();
      expect(await retained(clientId)).toMatchObject([{ payload: "m" }]);
    }
  });
});
