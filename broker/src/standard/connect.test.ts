// CONNECT [MQTT-3.1].
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectPacket } from "../contract/test-client.js";
import { CANDIDATES, heldBy } from "./brokers.js";
import { connect, FLAG, field, packet } from "./bytes.js";
import { Peer } from "./peer.js";

describe.each(CANDIDATES)("$name", ({ start, missing, differs }) => {
  let broker: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    if (missing === null) broker = await start();
  });
  afterAll(() => broker?.close());
  const test = heldBy({ missing, differs }, it);

  /** Sends this as the first bytes of a connection; what came until the broker closed it. */
  async function answerTo(...bytes: Buffer[]): Promise<object[]> {
    using peer = new Peer(broker.port);
    peer.send(...bytes);
    return await peer.closedAfter();
  }
  const id = field("standard");

  test("[MQTT-3.1.0-1] a connection that begins with another packet is closed without an answer", async () => {
    const others = [
      packet(0x30, field("t")),
      packet(0x82, 0, 1, field("t"), 0),
      packet(0xc0),
      packet(0xe0),
      packet(0x20, 0, 0),
    ];
    for (const first of others) expect(await answerTo(first)).toEqual([]);
  });

  test("[MQTT-3.1.0-2] a second CONNECT ends the connection", async () => {
    using peer = await Peer.connected(broker.port);
    peer.send(connectPacket("standard-again"));
    expect(await peer.closedAfter()).toEqual([]);
  });

  test("[MQTT-3.1.2-1] another protocol name is closed without an answer", async () => {
    for (const name of ["AMQP", "mqtt", "MQTTX", ""])
      expect(await answerTo(connect({ name, payload: [id] }))).toEqual([]);
  });

  test("[MQTT-3.1.2-2] another protocol level is answered by return code 1, and closed", async () => {
    for (const level of [2, 6, 99]) {
      expect(await answerTo(connect({ level, payload: [id] }))).toMatchObject([
        { cmd: "connack", returnCode: 1 },
      ]);
    }
  });

  test("[MQTT-3.1.2-3] the reserved flag is not accepted", async () => {
    expect(await answerTo(connect({ flags: FLAG.clean | FLAG.reserved, payload: [id] }))).toEqual([]);
  });

  test("[MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT-3.1.2-15] without a will its QoS and its retain flag are 0", async () => {
    for (const flag of [FLAG.willQos, 2 * FLAG.willQos, FLAG.willRetain]) {
      expect(await answerTo(connect({ flags: FLAG.clean | flag, payload: [id] }))).toEqual([]);
    }
  });

  test("[MQTT-3.1.2-11] [MQTT-3.1.3-1] without the will flag there is no will in the payload", async () => {
    expect(await answerTo(connect({ payload: [id, field("will/topic"), field("gone")] }))).toEqual([]);
  });

  test("[MQTT-3.1.2-14] a will has no QoS 3", async () => {
    const flags = FLAG.clean | FLAG.will | (3 * FLAG.willQos);
    expect(await answerTo(connect({ flags, payload: [id, field("will/topic"), field("gone")] }))).toEqual([]);
  });

  test("[MQTT-3.1.2-9] with the will flag its topic and message are there", async () => {
    const flags = FLAG.clean | FLAG.will;
    for (const payload of [[id], [id, field("will/topic")]])
      expect(await answerTo(connect({ flags, payload }))).toEqual([]);
  });

  test("[MQTT-3.1.2-18] without its flag there is no user name", async () => {
    expect(await answerTo(connect({ payload: [id, field("name")] }))).toEqual([]);
  });

  test("[MQTT-3.1.2-19] with its flag there is a user name", async () => {
    expect(await answerTo(connect({ flags: FLAG.clean | FLAG.userName, payload: [id] }))).toEqual([]);
  });

  test("[MQTT-3.1.2-20] without its flag there is no password", async () => {
    const flags = FLAG.clean | FLAG.userName;
    expect(await answerTo(connect({ flags, payload: [id, field("name"), field("word")] }))).toEqual([]);
  });

  test("[MQTT-3.1.2-21] with its flag there is a password", async () => {
    const flags = FLAG.clean | FLAG.userName | FLAG.password;
    expect(await answerTo(connect({ flags, payload: [id, field("name")] }))).toEqual([]);
  });

  test("[MQTT-3.1.2-22] no password without a user name", async () => {
    expect(
      await answerTo(connect({ flags: FLAG.clean | FLAG.password, payload: [id, field("word")] })),
    ).toEqual([]);
  });

  test("[MQTT-3.1.2-24] a client that is silent for 1.5 times its keep-alive is disconnected, one that speaks is not", async () => {
    using silent = await Peer.connected(broker.port, { keepalive: 1 });
    using speaking = await Peer.connected(broker.port, { keepalive: 1 });
    const began = performance.now();
    const beat = setInterval(() => speaking.send({ cmd: "pingreq" }), 400);
    await silent.closed;
    clearInterval(beat);
    expect(performance.now() - began).toBeGreaterThan(1_400);
    speaking.send({ cmd: "pingreq" });
    await speaking.next("pingresp");
  });

  test("[MQTT-3.1.3-1] [MQTT-3.1.3-3] all fields are read in their order", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("fields/#");
    using peer = new Peer(broker.port);
    const flags = FLAG.clean | FLAG.will | FLAG.userName | FLAG.password;
    const payload = ["fields-id", "fields/will", "message", "name", "word"].map((text) => field(text));
    peer.send(connect({ flags, payload }));
    expect(await peer.next("connack")).toMatchObject({ returnCode: 0 });
    await peer.break();
    expect(await reader.next("publish")).toMatchObject({
      topic: "fields/will",
      payload: Buffer.from("message"),
    });
  });

  test("[MQTT-3.1.3-2] state belongs to the client id", async () => {
    for (const clientId of ["state-a", "state-b"]) {
      using peer = await Peer.connected(broker.port, { clientId, clean: false });
      await peer.subscribe(`${clientId}/t`, 1);
      await peer.leave();
    }
    using publisher = await Peer.connected(broker.port);
    for (const clientId of ["state-a", "state-b"]) await publisher.publish(`${clientId}/t`, "m");
    for (const clientId of ["state-b", "state-a"]) {
      using peer = await Peer.connected(broker.port, { clientId, clean: false });
      expect(await peer.messages()).toMatchObject([{ topic: `${clientId}/t` }]);
    }
  });

  test("[MQTT-3.1.3-3] a CONNECT without a client id is closed without an answer", async () => {
    expect(await answerTo(connect({ payload: [] }))).toEqual([]);
  });

  test("[MQTT-3.1.3-5] client ids of 1 to 23 letters and digits are accepted", async () => {
    const characters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (let at = 0; at < characters.length; at += 23) {
      using _long = await Peer.connected(broker.port, { clientId: characters.slice(at, at + 23) });
    }
    for (const clientId of characters) {
      using _short = await Peer.connected(broker.port, { clientId });
    }
  });

  test("[MQTT-3.1.3-6] clients without an id get one each: neither takes the other's place", async () => {
    using one = await Peer.connected(broker.port, { clientId: "" });
    using two = await Peer.connected(broker.port, { clientId: "" });
    await one.subscribe("nameless/1");
    await two.subscribe("nameless/2");
    one.send({ cmd: "publish", topic: "nameless/2", payload: "to two", qos: 0, dup: false, retain: false });
    two.send({ cmd: "publish", topic: "nameless/1", payload: "to one", qos: 0, dup: false, retain: false });
    expect((await one.next("publish")).payload.toString()).toBe("to one");
    expect((await two.next("publish")).payload.toString()).toBe("to two");
  });

  test("[MQTT-3.1.3-8] [MQTT-3.1.3-9] no client id, but a session to keep: return code 2, and closed", async () => {
    const answer = await answerTo(connect({ flags: 0, payload: [field("")] }));
    expect(answer).toMatchObject([{ cmd: "connack", returnCode: 2, sessionPresent: false }]);
  });

  test("[MQTT-3.1.4-1] a CONNECT that is not well-formed is closed without CONNACK", async () => {
    const bodies = [
      packet(0x11, field("MQTT"), 4, FLAG.clean, 0, 0, id), // flags of the fixed header
      packet(0x10, field("MQTT"), 4, FLAG.clean, 0), // half a keep-alive
      packet(0x10, field("MQTT"), 4, FLAG.clean, 0, 0, Buffer.from([0, 9, 97])), // an id shorter than it says
      packet(0x10, field("MQTT"), 4, FLAG.clean, 0, 0, id, 1), // a byte too many
    ];
    for (const body of bodies) expect(await answerTo(body)).toEqual([]);
  });

  test("[MQTT-3.1.4-2] a client that connects with an id in use takes its place", async () => {
    using older = await Peer.connected(broker.port, { clientId: "taken" });
    await older.subscribe("taken/t");
    using newer = await Peer.connected(broker.port, { clientId: "taken" });
    await older.closed;
    await newer.publish("taken/t", "for the older");
    expect(await newer.messages()).toEqual([]); // a clean session has nothing of the other's
  });

  test("[MQTT-3.1.4-3] [MQTT-3.1.4-4] an accepted CONNECT has its session begun, and return code 0", async () => {
    using peer = new Peer(broker.port);
    peer.send(connectPacket("standard-new", { clean: false }));
    expect(await peer.next("connack")).toMatchObject({ returnCode: 0, sessionPresent: false });
    await peer.leave();
    using again = new Peer(broker.port);
    again.send(connectPacket("standard-new", { clean: true }));
    expect(await again.next("connack")).toMatchObject({ returnCode: 0, sessionPresent: false });
  });

  test("[MQTT-3.1.4-5] what follows a refused CONNECT is not carried out", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe("refused/#");
    const refused = connect({ flags: 0, payload: [field("")] });
    await answerTo(
      refused,
      packet(0x31, field("refused/retained"), Buffer.from("x")),
      packet(0x30, field("refused/t")),
    );
    expect(await reader.messages()).toEqual([]);
    using late = await Peer.connected(broker.port);
    await late.subscribe("refused/#");
    expect(await late.messages()).toEqual([]);
  });
});
