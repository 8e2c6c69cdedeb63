import type { AedesPublishPacket } from "aedes";
import { expect, test } from "vitest";
import { type HeldPacket, Session } from "./session.js";

const bounds = { queuedMessages: 3, queuedBytes: 10_000, queuedTotalBytes: 100_000 };
const message = (brokerCounter: number, payload = "x") =>
  ({
    cmd: "publish",
    topic: "t",
    payload: Buffer.from(payload),
    qos: 1,
    dup: false,
    retain: false,
    brokerId: "b",
    brokerCounter,
  }) as AedesPublishPacket;

/** Drains as the engine does: each message is taken with an identifier, then the next is asked for. */
async function drain(
  session: Session,
  ids: () => number,
  each: (packet: HeldPacket) => void = () => {},
): Promise<number[]> {
  const order: number[] = [];
  let drained = false;
  const onDrained = (): void => {
    drained = true;
  };
  for await (const packet of session.drain(onDrained, () => null)) {
    order.push(packet.brokerCounter ?? 0);
    packet.messageId ??= ids();
    session.sending(packet);
    each(packet);
  }
  expect(drained).toBe(true);
  return order;
}

test("holds what is not acknowledged, in order, within its bounds", () => {
  const total = { bytes: 0 };
  const session = new Session(bounds, total);
  expect([1, 2, 3, 4].map((n) => session.enqueue(message(n)))).toEqual([true, true, true, false]);
  session.connected = true; // twice the room while the client works it off
  expect([4, 5, 6, 7].map((n) => session.enqueue(message(n)))).toEqual([true, true, true, false]);
  expect(session.enqueue(message(8, "x".repeat(30_000)))).toBe(false);
  expect(total.bytes).toBe(session.bytes);
  session.sending({ ...message(1), messageId: 11 });
  expect(session.acknowledged({ messageId: 11 })).toMatchObject({ brokerCounter: 1 });
  expect(session.acknowledged({ messageId: 11 })).toBeUndefined();
  expect(session.size).toBe(5);
  expect(total.bytes).toBe(session.bytes);
});

test("what arrives while it drains comes after what was held", async () => {
  const session = new Session({ ...bounds, queuedMessages: 100 }, { bytes: 0 });
  for (const n of [1, 2, 3]) session.enqueue(message(n));
  let id = 0;
  const order = await drain(
    session,
    () => ++id,
    ({ brokerCounter }) => {
      if (brokerCounter === 2) session.enqueue(message(4));
    },
  );
  expect(order).toEqual([1, 2, 3, 4]);
});

test("on the next connection: the same identifier, DUP, and PUBREL where PUBREC had come", async () => {
  const session = new Session(bounds, { bytes: 0 });
  for (const n of [1, 2, 3]) session.enqueue(message(n));
  let id = 40;
  await drain(session, () => ++id);
  session.sending({ cmd: "pubrel", messageId: 42 });
  session.acknowledged({ messageId: 41 });
  const again: [string, number | undefined, boolean | undefined][] = [];
  await drain(
    session,
    () => 99,
    (packet) => again.push([packet.cmd, packet.messageId, "dup" in packet ? packet.dup : undefined]),
  );
  expect(again).toEqual([
    ["pubrel", 42, undefined],
    ["publish", 43, true],
  ]);
});

test("no two unacknowledged messages have one identifier, whatever the engine proposes", () => {
  const session = new Session(bounds, { bytes: 0 });
  const ids = [1, 2, 3].map((n) => {
    session.enqueue(message(n));
    const packet = { ...message(n), messageId: 65_535 };
    session.sending(packet);
    return packet.messageId;
  });
  expect(ids).toEqual([65_535, 1, 2]);
});

test("owes each message once for a connection", async () => {
  const session = new Session(bounds, { bytes: 0 });
  session.enqueue(message(1));
  expect(session.owes(1)).toBe(true);
  await drain(session, () => 1);
  expect(session.owes(1)).toBe(false);
  expect(session.owes(2)).toBe(false);
});

test("holds retained messages that are sent at once, beside live ones of the same number", async () => {
  const session = new Session({ ...bounds, queuedMessages: 4 }, { bytes: 0 });
  session.connected = true;
  expect(session.roomForRetained()).toBeNull();
  for (const messageId of [7, 8]) {
    expect(session.enqueueRetained({ ...message(1), retain: true, messageId })).toBe(true);
  }
  session.enqueue(message(1));
  expect(session.size).toBe(3);
  const room = session.roomForRetained(); // half of its bounds are in use
  session.acknowledged({ messageId: 7 });
  session.acknowledged({ messageId: 8 });
  await room;
  expect(session.owes(1)).toBe(true);
});
