// CONNACK [MQTT-3.2].
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { startBroker } from "../broker.js";
import { connectPacket } from "../contract/test-client.js";
import { CANDIDATES, heldBy } from "./brokers.js";
import { connect, field } from "./bytes.js";
import { Peer } from "./peer.js";

describe.each(CANDIDATES)("$name", ({ start, missing, differs }) => {
  let broker: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    if (missing === null) broker = await start();
  });
  afterAll(() => broker?.close());
  const test = heldBy({ missing, differs }, it);
  async function visit(clientId: string, clean: boolean): Promise<boolean> {
    using peer = new Peer(broker.port);
    peer.send(connectPacket(clientId, { clean }));
    const { sessionPresent, returnCode } = await peer.next("connack");
    expect(returnCode).toBe(0);
    await peer.leave();
    return sessionPresent;
  }

  test("[MQTT-3.2.0-1] CONNACK is the first packet, though others wait for an answer, too", async () => {
    using peer = new Peer(broker.port);
    peer.send(
      connectPacket("connack-first"),
      { cmd: "pingreq" },
      { cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "connack/t", qos: 0 }] },
    );
    await peer.next("connack");
    await peer.next("pingresp");
    await peer.next("suback");
  });

  test("[MQTT-3.2.0-1] CONNACK comes before what a session has held", async () => {
    const session = { clientId: "connack-held", clean: false };
    using first = await Peer.connected(broker.port, session);
    await first.subscribe("connack/held", 1);
    await first.leave();
    using publisher = await Peer.connected(broker.port);
    await publisher.publish("connack/held", "m");
    using again = await Peer.connected(broker.port, session);
    expect(again.bytes[0]).toBe(0x20);
    await again.next("publish");
  });

  test("[MQTT-3.2.2-1] with a clean session no session is present", async () => {
    await visit("present-clean", false);
    expect(await visit("present-clean", true)).toBe(false);
  });

  test("[MQTT-3.2.2-2] a stored session is present, also one without subscriptions", async () => {
    await visit("present-stored", false);
    expect(await visit("present-stored", false)).toBe(true);
  });

  test("[MQTT-3.2.2-3] without a stored session none is present", async () => {
    expect(await visit("present-new", false)).toBe(false);
    await visit("present-new", true);
    expect(await visit("present-new", false)).toBe(false);
  });

  test("[MQTT-3.2.2-4] [MQTT-3.2.2-5] a refusal says that no session is present, and the connection is closed", async () => {
    await visit("refused", false);
    for (const refused of [
      connect({ flags: 0, payload: [field("")] }),
      connect({ level: 9, payload: [field("refused")] }),
    ]) {
      using peer = new Peer(broker.port);
      peer.send(refused);
      const [answer, ...more] = await peer.closedAfter();
      expect(answer).toMatchObject({ cmd: "connack", sessionPresent: false });
      expect(answer).not.toMatchObject({ returnCode: 0 });
      expect(more).toEqual([]);
    }
  });
});

test("[MQTT-3.2.2-6] a connection past the limit, for which there is no return code, is closed without CONNACK", async () => {
  await using broker = await startBroker({ port: 0 }, { limits: { connections: 1 } });
  using _only = await Peer.connected(broker.port);
  using peer = new Peer(broker.port);
  peer.send(connectPacket("one-too-many"));
  expect(await peer.closedAfter()).toEqual([]);
});
