// Statements of MQTT 3.1.1 about servers that no other test shows, byte for byte. docs/mqtt-conformance.md lists all.
import { generate, type Packet } from "mqtt-packet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "./broker.js";
import { publishFrame } from "./contract/frame-counter.js";
import { connectPacket, RawClient } from "./contract/test-client.js";

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker({ port: 0 });
});
afterAll(() => broker.close());

const CONNACK = Buffer.from([0x20, 2, 0, 0]);
const subscribe = (topic: string, qos: 0 | 1 | 2, messageId = 1): Packet => ({
  cmd: "subscribe",
  messageId,
  subscriptions: [{ topic, qos }],
});
const suback = (...codes: number[]): Buffer => Buffer.from([0x90, 2 + codes.length, 0, 1, ...codes]);

let clients = 0;
/** A connected client; what it receives begins with CONNACK. */
async function connected(more: object = {}): Promise<RawClient> {
  const raw = new RawClient(broker.port);
  raw.send(connectPacket(`conformance-${clients++}`, more));
  await raw.bytes(4);
  return raw;
}

/** All that came, once so many bytes have. */
async function received(raw: RawClient, ...expected: Buffer[]): Promise<void> {
  const all = Buffer.concat(expected);
  await raw.bytes(all.length);
  expect(raw.received.toString("hex")).toBe(all.toString("hex"));
}

/** A connection that sends this and is closed without having got anything after `before`. */
async function closes(bytes: Buffer, before: Buffer = Buffer.alloc(0)): Promise<void> {
  using raw = new RawClient(broker.port);
  raw.socket.write(bytes);
  await raw.closed;
  expect(raw.received.toString("hex")).toBe(before.toString("hex"));
}

/** A connected client that sends this is disconnected, and gets nothing for it. */
async function disconnects(bytes: Buffer): Promise<void> {
  using raw = await connected();
  raw.socket.write(bytes);
  await raw.closed;
  expect(raw.received.toString("hex")).toBe(CONNACK.toString("hex"));
}

/** CONNECT from its parts: protocol name and level, flags, keep-alive 0, then the payload. */
function connectBytes(flags: number, payload: Buffer, name = "MQTT", level = 4): Buffer {
  const body = Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([level, flags, 0, 0]),
    payload,
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}
const text = (value: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);

describe("CONNECT", () => {
  test.each([
    ["[MQTT-3.1.0-1] another packet first", generate({ cmd: "pingreq" })],
    ["[MQTT-3.1.2-1] another protocol", connectBytes(2, text("a"), "AMQP")],
    ["[MQTT-3.1.2-3] the reserved flag", connectBytes(3, text("a"))],
    ["[MQTT-3.1.2-11] will QoS without a will", connectBytes(0x0a, text("a"))],
    ["[MQTT-3.1.2-15] will retain without a will", connectBytes(0x22, text("a"))],
    ["[MQTT-3.1.2-14] will QoS 3", connectBytes(0x1e, Buffer.concat([text("a"), text("w"), text("")]))],
    [
      "[MQTT-3.1.2-22] a password without a user name",
      connectBytes(0x42, Buffer.concat([text("a"), text("p")])),
    ],
    ["[MQTT-3.1.3-3] no client id", connectBytes(2, Buffer.alloc(0))],
    ["[MQTT-3.1.3-4] ill-formed UTF-8 in the client id", connectBytes(2, text(Buffer.from([0xff])))],
    [
      "[MQTT-3.1.3-10] ill-formed UTF-8 in the will topic",
      connectBytes(6, Buffer.concat([text("a"), text(Buffer.from([0xc0])), text("")])),
    ],
    [
      "[MQTT-3.1.3-11] ill-formed UTF-8 in the user name",
      connectBytes(0x82, Buffer.concat([text("a"), text(Buffer.from([0xed, 0xa0, 0x80]))])),
    ],
    ["[MQTT-1.5.3-2] U+0000 in the client id", connectBytes(2, text("a\0b"))],
    ["bytes after the end", connectBytes(2, Buffer.concat([text("a"), Buffer.from([1])]))],
  ])("%s: closed without CONNACK [MQTT-3.1.4-1]", (_name, bytes) => closes(bytes));

  test("[MQTT-3.1.0-2] a second CONNECT closes the connection", async () => {
    await disconnects(connectBytes(2, text("twice")));
  });

  test("[MQTT-3.1.2-2] [MQTT-3.2.2-4] another protocol level: CONNACK 1, session present 0, closed", async () => {
    await closes(connectBytes(2, text("a"), "MQTT", 5), Buffer.from([0x20, 2, 0, 1]));
  });

  test.each(["a#", "a/+", ""])("a will topic %j is refused", async (topic) => {
    await closes(
      connectBytes(6, Buffer.concat([text("a"), text(topic), text("x")])),
      Buffer.from([0x20, 2, 0, 5]),
    );
  });

  test("[MQTT-3.1.3-5] [MQTT-3.1.3-6] client ids of 0, 1, 23 and more characters", async () => {
    for (const id of ["", "a", "0123456789abcdefghijABC", "x".repeat(300)]) {
      using raw = new RawClient(broker.port);
      raw.send(connectPacket(id));
      await received(raw, CONNACK);
    }
  });

  test("[MQTT-3.2.0-1] CONNACK comes first, though packets followed CONNECT at once", async () => {
    using raw = new RawClient(broker.port);
    raw.send(connectPacket("eager"), { cmd: "pingreq" }, subscribe("eager", 0), publishFrame("eager", "x"));
    await raw.bytes(4 + 2 + 5 + 10);
    expect(raw.received.subarray(0, 4)).toEqual(CONNACK);
  });

  test("[MQTT-3.2.2-1] [MQTT-3.2.2-2] [MQTT-3.2.2-3] session present, also for one without subscriptions", async () => {
    const visit = async (clean: boolean): Promise<number> => {
      using raw = new RawClient(broker.port);
      raw.send(connectPacket("present", { clean }));
      const present = (await raw.bytes(4))[2] ?? -1;
      raw.send({ cmd: "disconnect" });
      await raw.closed;
      return present;
    };
    const seen: number[] = [];
    for (const clean of [false, false, true, false]) seen.push(await visit(clean));
    expect(seen).toEqual([0, 1, 0, 0]);
  });
});

describe("PUBLISH", () => {
  test("[MQTT-4.3.2-2] QoS 1 is answered by PUBACK with its identifier", async () => {
    using raw = await connected();
    raw.send(publishFrame("p", "x", 1, 0x1234));
    await received(raw, CONNACK, Buffer.from([0x40, 2, 0x12, 0x34]));
  });

  test("[MQTT-4.3.3-2] QoS 2 is published once, however often it is sent before PUBREL", async () => {
    using reader = await connected();
    reader.send(subscribe("twice", 0));
    await reader.bytes(9);
    using raw = await connected();
    const publish = publishFrame("twice", "x", 2, 7);
    const again = Buffer.from(publish);
    again[0] = (again[0] ?? 0) | 0x08; // DUP
    raw.send(publish);
    await raw.bytes(8);
    raw.send(again);
    await raw.bytes(12);
    raw.send(Buffer.from([0x62, 2, 0, 7]));
    const pubrec = Buffer.from([0x50, 2, 0, 7]);
    await received(raw, CONNACK, pubrec, pubrec, Buffer.from([0x70, 2, 0, 7]));
    raw.send(publishFrame("twice", "y"));
    // [MQTT-3.3.1-3]: DUP is the sender's own business; the reader gets neither it nor a second copy.
    await received(reader, CONNACK, suback(0), publishFrame("twice", "x"), publishFrame("twice", "y"));
  });

  test("[MQTT-3.3.1-2] DUP with QoS 0 closes the connection", async () => {
    await disconnects(Buffer.from([0x38, 4, 0, 1, 97, 98]));
  });

  test("[MQTT-1.5.3-3] U+FEFF at the beginning of a topic is kept", async () => {
    using raw = await connected();
    raw.send(subscribe("\ufefft", 0), publishFrame("\ufefft", "x"));
    await received(raw, CONNACK, suback(0), publishFrame("\ufefft", "x"));
  });

  test("[MQTT-3.3.1-7] [MQTT-3.3.1-12] a retained QoS 0 message replaces, an unretained one does not", async () => {
    using raw = await connected();
    raw.send(
      publishFrame("rr", "1", 1, 1, true),
      publishFrame("rr", "2", 0, 0, true),
      publishFrame("rr", "3"),
    );
    await raw.bytes(8);
    raw.send(subscribe("rr", 2));
    await received(
      raw,
      CONNACK,
      Buffer.from([0x40, 2, 0, 1]),
      suback(2),
      publishFrame("rr", "2", 0, 0, true),
    );
  });

  test("[MQTT-4.7.3-1] [MQTT-4.7.3-3] names are case sensitive, and a leading or trailing slash makes another", async () => {
    using raw = await connected();
    raw.send(
      subscribe("case/a", 0),
      publishFrame("case/A", "1"),
      publishFrame("/case/a", "2"),
      publishFrame("case/a/", "3"),
      publishFrame("case/a", "4"),
    );
    await received(raw, CONNACK, suback(0), publishFrame("case/a", "4"));
  });
});

describe("SUBSCRIBE and UNSUBSCRIBE", () => {
  test.each([
    ["[MQTT-3.8.1-1] wrong flags", Buffer.from([0x80, 6, 0, 1, 0, 1, 97, 0])],
    ["[MQTT-3.8.3-3] no filter", Buffer.from([0x82, 2, 0, 1])],
    ["[MQTT-3.8.3-4] QoS 3", Buffer.from([0x82, 6, 0, 1, 0, 1, 97, 3])],
    ["[MQTT-3.8.3-1] ill-formed UTF-8", Buffer.from([0x82, 6, 0, 1, 0, 1, 0xff, 0])],
    ["[MQTT-2.3.1-1] packet identifier 0", Buffer.from([0x82, 6, 0, 0, 0, 1, 97, 0])],
    ["[MQTT-4.7.3-1] an empty filter", Buffer.from([0x82, 5, 0, 1, 0, 0, 0])],
    ["[MQTT-4.7.1-3] + beside other characters", Buffer.from([0x82, 7, 0, 1, 0, 2, 97, 43, 0])],
    ["[MQTT-3.10.1-1] UNSUBSCRIBE with wrong flags", Buffer.from([0xa0, 5, 0, 1, 0, 1, 97])],
    ["[MQTT-3.10.3-2] UNSUBSCRIBE without a filter", Buffer.from([0xa2, 2, 0, 1])],
    ["[MQTT-3.6.1-1] PUBREL with wrong flags", Buffer.from([0x60, 2, 0, 1])],
    ["[MQTT-3.14.1-1] DISCONNECT with wrong flags", Buffer.from([0xe1, 0])],
  ])("%s closes the connection", (_name, bytes) => disconnects(bytes));

  test("[MQTT-3.8.4-4] [MQTT-3.9.3-1] many filters are answered in one SUBACK, in their order", async () => {
    using raw = await connected();
    const topics = [
      ["m/1", 2],
      ["$denied", 1],
      ["m/2", 0],
      ["m/3", 1],
    ] as const;
    raw.send({
      cmd: "subscribe",
      messageId: 1,
      subscriptions: topics.map(([topic, qos]) => ({ topic, qos })),
    });
    await received(raw, CONNACK, suback(2, 0x80, 0, 1));
  });

  test("[MQTT-3.8.4-3] subscribing again replaces the QoS and sends what is retained again", async () => {
    using raw = await connected();
    raw.send(publishFrame("re", "x", 1, 1, true));
    await raw.bytes(8);
    raw.send(subscribe("re", 0));
    await raw.bytes(8 + 5 + 7);
    raw.send(subscribe("re", 0));
    const retained = publishFrame("re", "x", 0, 0, true);
    await received(raw, CONNACK, Buffer.from([0x40, 2, 0, 1]), suback(0), retained, suback(0), retained);
  });

  test("[MQTT-3.10.4-5] UNSUBACK also for a filter that was not subscribed", async () => {
    using raw = await connected();
    raw.send({ cmd: "unsubscribe", messageId: 9, unsubscriptions: ["never"] });
    await received(raw, CONNACK, Buffer.from([0xb0, 2, 0, 9]));
  });
});

describe("the rest", () => {
  test("[MQTT-4.8.0-1] a fault ends the connection after what stood before it was carried out", async () => {
    using reader = await connected();
    reader.send(subscribe("before", 1));
    await reader.bytes(9);
    using raw = new RawClient(broker.port);
    raw.send(connectPacket("faulty"), publishFrame("before", "x", 1, 5), Buffer.from([0xf0, 0]));
    await raw.closed;
    await received(raw, CONNACK, Buffer.from([0x40, 2, 0, 5]));
    await reader.bytes(9 + 13);
    expect(reader.received.toString("latin1")).toContain("before");
  });

  test("[MQTT-3.12.4-1] PINGREQ is answered", async () => {
    using raw = await connected();
    raw.send({ cmd: "pingreq" });
    await received(raw, CONNACK, Buffer.from([0xd0, 0]));
  });

  test("[MQTT-3.14.4-2] after DISCONNECT nothing is carried out, and the connection is closed", async () => {
    using reader = await connected();
    reader.send(subscribe("after", 0));
    await reader.bytes(9);
    using raw = await connected();
    raw.send({ cmd: "disconnect" }, publishFrame("after", "1"));
    await raw.closed;
    reader.send(publishFrame("after", "2"));
    await received(reader, CONNACK, suback(0), publishFrame("after", "2"));
  });

  test("[MQTT-3.1.2-17] a will with retain is retained", async () => {
    const raw = await connected({
      will: { topic: "kept-will", payload: Buffer.from("w"), qos: 0, retain: true },
    });
    raw.socket.destroy();
    await raw.closed;
    using reader = await connected();
    const retained = publishFrame("kept-will", "w", 0, 0, true);
    await expect
      .poll(async () => {
        reader.send(subscribe("kept-will", 0));
        await reader.bytes(9);
        return reader.received.includes(retained);
      })
      .toBe(true);
  });

  test("[MQTT-2.2.2-2] flags of an acknowledgement, [MQTT-2.3.1-1] its identifier 0: closed", async () => {
    await disconnects(Buffer.from([0x41, 2, 0, 1]));
    await disconnects(Buffer.from([0x40, 2, 0, 0]));
  });
});
