// Sessions: what is stored, for how long, and what a client that returns is sent [MQTT-3.1.2.4, MQTT-4.1, MQTT-4.4].
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
  const kept = (clientId: string): Promise<Peer> => Peer.connected(broker.port, { clientId, clean: false });
  /** Leaves a session with this subscription behind. */
  async function leaveSession(clientId: string, filter: string, qos: 0 | 1 | 2): Promise<void> {
    using peer = await kept(clientId);
    await peer.subscribe(filter, qos);
    await peer.leave();
  }

  test("[MQTT-3.1.2-4] a session is resumed with its subscriptions", async () => {
    await leaveSession("resumed", "resumed/t", 1);
    using again = await kept("resumed");
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("resumed/t", "m");
    publisher.send(publishFrame("resumed/t", "m", 0));
    expect(await again.next("publish")).toMatchObject({ topic: "resumed/t", qos: 1 });
    expect(await again.next("publish")).toMatchObject({ topic: "resumed/t", qos: 0 });
  });

  test("[MQTT-3.1.2-5] [MQTT-4.5.0-1] what is published at QoS 1 and 2 while the client is away is kept for it", async () => {
    await leaveSession("away", "away/#", 2);
    await leaveSession("away-low", "away/#", 1);
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("away/1", "m");
    await publisher.publishOnce("away/2", "m");
    await publisher.publish("elsewhere", "m");
    using again = await kept("away");
    expect(await again.messages()).toMatchObject([
      { topic: "away/1", qos: 1, dup: false },
      { topic: "away/2", qos: 2, dup: false },
    ]);
    using low = await kept("away-low");
    expect(await low.messages()).toMatchObject([
      { topic: "away/1", qos: 1 },
      { topic: "away/2", qos: 1 },
    ]);
  });

  test("[MQTT-3.1.2-6] a clean session ends the one before it, and leaves none", async () => {
    await leaveSession("cleaned", "cleaned/t", 1);
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("cleaned/t", "held");
    using clean = await Peer.connected(broker.port, { clientId: "cleaned" });
    await publisher.publish("cleaned/t", "to the old subscription");
    expect(await clean.messages()).toEqual([]);
    await clean.subscribe("cleaned/other", 1);
    await clean.leave();
    await publisher.publish("cleaned/other", "to the clean one");
    using last = await kept("cleaned");
    await publisher.publish("cleaned/other", "later");
    expect(await last.messages()).toEqual([]);
  });

  test("[MQTT-4.1.0-1] [MQTT-4.1.0-2] session state lasts while the connection does, and outlives it", async () => {
    using peer = await kept("lasting");
    await peer.subscribe(["lasting/1", "lasting/2"], 1);
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("lasting/1", "m");
    const { messageId } = await peer.next("publish");
    await peer.break(); // without an acknowledgement, and without DISCONNECT
    await publisher.publish("lasting/2", "m");
    using again = await kept("lasting");
    expect(await again.messages()).toMatchObject([
      { topic: "lasting/1", messageId, dup: true },
      { topic: "lasting/2", dup: false },
    ]);
  });

  test("[MQTT-4.1.0-1] the identifiers of incoming QoS 2 messages are part of the session", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("incoming/t");
    using publisher = await kept("incoming");
    publisher.send(publishFrame("incoming/t", "m", 2, 5));
    await publisher.next("pubrec");
    await publisher.break();
    using again = await kept("incoming");
    const repeated = Buffer.from(publishFrame("incoming/t", "m", 2, 5));
    repeated[0] = 0x3c; // DUP
    again.send(repeated);
    await again.next("pubrec");
    again.send({ cmd: "pubrel", messageId: 5 });
    await again.next("pubcomp");
    expect(await reader.messages()).toHaveLength(1);
  });

  test("[MQTT-4.4.0-1] what was not acknowledged is sent again with its identifier, what was is not", async () => {
    using peer = await kept("unacknowledged");
    await peer.subscribe("unacknowledged/#", 1);
    using publisher = await Peer.connected(broker.port);
    for (const name of ["a", "b", "c"]) await publisher.publish(`unacknowledged/${name}`, "m");
    const sent = [await peer.next("publish"), await peer.next("publish"), await peer.next("publish")];
    peer.send({ cmd: "puback", messageId: sent[1]?.messageId ?? 0 }, { cmd: "pingreq" });
    await peer.next("pingresp");
    await peer.leave();
    using again = await kept("unacknowledged");
    expect(await again.messages()).toMatchObject([
      { topic: "unacknowledged/a", messageId: sent[0]?.messageId },
      { topic: "unacknowledged/c", messageId: sent[2]?.messageId },
    ]);
  });

  test("[MQTT-4.4.0-1] [MQTT-4.3.3-1] after PUBREC it is PUBREL that is sent again, not the message", async () => {
    using peer = await kept("released");
    await peer.subscribe("released/t", 2);
    using publisher = await Peer.connected(broker.port);
    await publisher.publishOnce("released/t", "m");
    const { messageId = 0 } = await peer.next("publish");
    peer.send({ cmd: "pubrec", messageId });
    await peer.next("pubrel");
    await peer.break();
    for (let i = 0; i < 2; i++) {
      using again = await kept("released");
      expect(await again.next("pubrel")).toMatchObject({ messageId });
      await again.break();
    }
    using last = await kept("released");
    await last.next("pubrel");
    last.send({ cmd: "pubcomp", messageId });
    expect(await last.messages()).toEqual([]);
    await last.leave();
    using done = await kept("released");
    expect(await done.messages()).toEqual([]);
  });

  test("[MQTT-4.4.0-1] a retained message that a subscription brought is sent again like any other", async () => {
    using publisher = await Peer.connected(broker.port);
    for (const name of ["a", "b", "c"]) await publisher.publish(`brought/${name}`, name, true);
    using peer = await kept("brought");
    await peer.subscribeQuietly("brought/+", 1);
    const sent = [await peer.next("publish"), await peer.next("publish"), await peer.next("publish")];
    peer.send({ cmd: "puback", messageId: sent[1]?.messageId ?? 0 }, { cmd: "pingreq" });
    await peer.next("pingresp");
    await publisher.publish("brought/a", "live");
    const { messageId } = await peer.next("publish");
    await peer.break();
    using again = await kept("brought");
    const resent = await again.messages();
    expect(resent).toMatchObject([
      { topic: sent[0]?.topic, messageId: sent[0]?.messageId, dup: true },
      { topic: sent[2]?.topic, messageId: sent[2]?.messageId, dup: true },
      { topic: "brought/a", messageId, dup: true },
    ]);
    for (const { messageId = 0 } of resent) again.send({ cmd: "puback", messageId });
    await again.leave();
    using last = await kept("brought");
    expect(await last.messages()).toEqual([]);
  });

  test("[MQTT-4.4.0-1] of a retained message, too, it is PUBREL that is sent again after PUBREC", async () => {
    using publisher = await Peer.connected(broker.port);
    publisher.send(publishFrame("brought-once", "m", 2, 9, true));
    await publisher.next("pubrec");
    publisher.send({ cmd: "pubrel", messageId: 9 });
    await publisher.next("pubcomp");
    using peer = await kept("brought-once");
    await peer.subscribeQuietly("brought-once", 2);
    const { messageId = 0 } = await peer.next("publish");
    peer.send({ cmd: "pubrec", messageId });
    await peer.next("pubrel");
    await peer.break();
    using again = await kept("brought-once");
    expect(await again.next("pubrel")).toMatchObject({ messageId });
    again.send({ cmd: "pubcomp", messageId });
    expect(await again.messages()).toEqual([]);
  });
});
