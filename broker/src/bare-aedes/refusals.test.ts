// What bare Aedes takes, though the standard has a broker refuse it. A PUBLISH whose topic has # or + is not here, since
// Aedes 1.2 ends the connection at it too: standard/topics.test.ts has it.
import { expect, test } from "vitest";
import { connectPacket, RawClient, TestClient } from "../contract/test-client.js";
import { connect, FLAG, field, identifier, packet } from "../standard/bytes.js";
import { Peer } from "../standard/peer.js";
import { onlyOursBy } from "./only-ours.js";

const onlyOurs = onlyOursBy(test);

const NOT_UTF8 = Buffer.from([0x61, 0xc3, 0x28]);
const HELLO = connect({ payload: [field("refused")] });
const PINGREQ = packet(0xc0);
const PINGRESP = packet(0xd0);
const { clean, userName, will } = FLAG;

const REFUSED: Record<string, Buffer> = {
  "a will with # in its topic": connect({
    flags: clean | will,
    payload: [field("w"), field("will/#"), field("gone")],
  }),
  "a will with + in its topic": connect({
    flags: clean | will,
    payload: [field("w"), field("will/+"), field("gone")],
  }),
  "a will with NUL in its topic": connect({
    flags: clean | will,
    payload: [field("w"), field("will/\0"), field("gone")],
  }),
  "a topic with NUL": Buffer.concat([HELLO, packet(0x30, field("t/\0"))]),
  "PUBLISH with packet identifier 0": Buffer.concat([HELLO, packet(0x32, field("t"), identifier(0))]),
  "SUBSCRIBE with packet identifier 0": Buffer.concat([HELLO, packet(0x82, identifier(0), field("t"), 0)]),
  "UNSUBSCRIBE with packet identifier 0": Buffer.concat([HELLO, packet(0xa2, identifier(0), field("t"))]),
  "a client id that is not UTF-8": connect({ payload: [field(NOT_UTF8)] }),
  "a user name that is not UTF-8": connect({
    flags: clean | userName,
    payload: [field("u"), field(NOT_UTF8)],
  }),
  "a filter that is not UTF-8": Buffer.concat([HELLO, packet(0x82, identifier(1), field(NOT_UTF8), 0)]),
  "a topic that is not UTF-8": Buffer.concat([HELLO, packet(0x30, field(NOT_UTF8))]),
  "bytes after the end of CONNECT": connect({ payload: [field("long"), Buffer.from("more")] }),
};

for (const [name, bytes] of Object.entries(REFUSED)) {
  onlyOurs(`${name} ends the connection`, { bareAedes: /^the broker goes on$/ }, async (broker) => {
    using client = new RawClient(broker.port);
    client.send(bytes, PINGREQ);
    let open = true;
    void client.closed.then(() => {
      open = false;
    });
    while (open) {
      await Promise.race([new Promise((resolve) => client.socket.once("data", resolve)), client.closed]);
      if (client.received.includes(PINGRESP)) throw new Error("the broker goes on");
    }
    expect(broker.drops.malformed).toBe(1);
  });
}

onlyOurs(
  "an empty client id without a clean session gets return code 2 [MQTT-3.1.3-8]",
  { bareAedes: /Buffer\[ 32, 2, 0, 0 \] to deeply equal/ },
  async (broker) => {
    using client = new RawClient(broker.port);
    client.send(connect({ flags: 0, payload: [field("")] }));
    expect(await client.bytes(4)).toEqual(packet(0x20, 0, 2));
    await client.closed;
  },
);

// The code itself is right in Aedes; but it stores the refused subscription of a session beside the granted ones.
onlyOurs(
  "a refused subscription gets 0x80 [MQTT-3.9.3-2], and its session holds nothing for it",
  { bareAedes: /refused\/t/ },
  async (broker) => {
    const session = { clientId: "refused", clean: false };
    using first = await Peer.connected(broker.port, session);
    expect(await first.subscribe(["granted/t", "refused/t"], 1)).toEqual([1, 0x80]);
    await first.leave();
    await using publisher = await TestClient.connect(`mqtt://127.0.0.1:${broker.port}`);
    for (const topic of ["refused/t", "granted/t"]) await publisher.publish(topic, "m", { qos: 1 });
    using again = new Peer(broker.port);
    again.send(connectPacket(session.clientId, { clean: false }));
    await again.next("connack");
    expect((await again.next("publish")).topic).toBe("granted/t");
  },
);
