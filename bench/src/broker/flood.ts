import { setTimeout as wait } from "node:timers/promises";
import { Backlog } from "./backlog.js";
import { publishFrame, RawClient } from "./raw-client.js";

export interface FloodPlan {
  /** Topic of each publisher; one publisher an entry. */
  publishers: string[];
  /** Filter of each subscriber. */
  subscribers: string[];
  qos: 0 | 1;
  payloadBytes: number;
  durationMs: number;
  /** Each publisher ends after so many, if that comes before the time. */
  messagesEach?: number;
  /** Messages/s of each publisher; absent = as fast as it goes. */
  rate?: number;
  /** Called when all are connected and subscribed, before the first message. */
  onStarted?: () => void;
}

export interface FloodResult {
  sent: number;
  acknowledged: number;
  /** Over all subscribers. */
  delivered: number;
  expected: number;
  /** From the first byte sent to the last message that came, seconds. */
  seconds: number;
}

const BLOCK_BYTES = 64 * 1024;
/** QoS 1 messages that a publisher has under way: enough that the round trip is not the limit. */
const IN_FLIGHT = 1_000;
/** A broker that delivers nothing for this long after the last message was sent has delivered what it will. */
const QUIET_MS = 2_000;

/** Publishes for a time and counts what arrives. `matches(filter, topic)` is exact match or a trailing `#`. */
export async function flood(port: number, plan: FloodPlan): Promise<FloodResult> {
  const subscribers = await Promise.all(plan.subscribers.map((_, i) => RawClient.open(port, `sub-${i}`)));
  await Promise.all(subscribers.map((client, i) => client.subscribe(plan.subscribers[i] ?? "#", plan.qos)));
  const publishers = await Promise.all(plan.publishers.map((_, i) => RawClient.open(port, `pub-${i}`)));
  plan.onStarted?.();
  const startedAt = performance.now();
  const until = startedAt + plan.durationMs;
  const delivered = () => subscribers.reduce((sum, client) => sum + client.received, 0);
  const backlog = new Backlog(delivered);
  const counts = await Promise.all(
    publishers.map((client, i) => publish(client, plan.publishers[i] ?? "", plan, until, backlog)),
  );
  const acknowledged = () => publishers.reduce((sum, client) => sum + client.acknowledged, 0);
  const sent = counts.reduce((sum, count) => sum + count, 0);
  const expected = plan.subscribers.reduce(
    (sum, filter) =>
      sum +
      counts.reduce((all, count, i) => all + (matches(filter, plan.publishers[i] ?? "") ? count : 0), 0),
    0,
  );
  let lastAt = performance.now();
  let before = delivered() + acknowledged();
  while (
    performance.now() - lastAt < QUIET_MS &&
    (delivered() < expected || (plan.qos === 1 && acknowledged() < sent))
  ) {
    await wait(20);
    const present = delivered() + acknowledged();
    if (present !== before) lastAt = performance.now();
    before = present;
  }
  const result = {
    sent,
    acknowledged: acknowledged(),
    delivered: delivered(),
    expected,
    seconds: (lastAt - startedAt) / 1_000,
  };
  for (const client of [...publishers, ...subscribers]) client.close();
  return result;
}

function matches(filter: string, topic: string): boolean {
  return filter.endsWith("#") ? topic.startsWith(filter.slice(0, -1)) : filter === topic;
}

async function publish(
  client: RawClient,
  topic: string,
  plan: FloodPlan,
  until: number,
  backlog: Backlog,
): Promise<number> {
  const payload = Buffer.alloc(plan.payloadBytes, "x");
  const most = plan.messagesEach ?? Number.POSITIVE_INFINITY;
  if (plan.rate !== undefined) return publishPaced(client, topic, plan, until);
  if (plan.qos === 0) {
    const frame = publishFrame(topic, payload, 0);
    const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / frame.length));
    const block = repeated(frame, perBlock);
    const readers = plan.subscribers.filter((filter) => matches(filter, topic)).length;
    let sent = 0;
    while (performance.now() < until && sent < most && !client.socket.destroyed) {
      sent += perBlock;
      backlog.add(perBlock * readers);
      await backlog.room(until);
      if (!client.socket.write(block)) await client.drained();
      else await new Promise(setImmediate);
    }
    return sent;
  }
  const frame = publishFrame(topic, payload, 1);
  const identifierAt = frame.length - payload.length - 2;
  let sent = 0;
  while (performance.now() < until && sent < most && !client.socket.destroyed) {
    const room = Math.min(IN_FLIGHT - (sent - client.acknowledged), most - sent);
    if (room <= 0) {
      await new Promise<void>((resolve) => {
        client.onAcknowledged = resolve;
      });
      continue;
    }
    const block = repeated(frame, room);
    for (let i = 0; i < room; i += 1)
      block.writeUInt16BE(((sent + i) % 65_535) + 1, i * frame.length + identifierAt);
    sent += room;
    if (!client.socket.write(block)) await client.drained();
  }
  return sent;
}

function repeated(frame: Buffer, count: number): Buffer {
  return Buffer.alloc(frame.length * count, frame);
}

/** Even pace, in steps of the timer; catches up what a late timer missed. */
async function publishPaced(
  client: RawClient,
  topic: string,
  plan: FloodPlan,
  until: number,
): Promise<number> {
  const payload = Buffer.alloc(plan.payloadBytes, "x");
  const startedAt = performance.now();
  const rate = plan.rate ?? 1;
  await wait(Math.random() * (1_000 / rate));
  let sent = 0;
  while (performance.now() < until) {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * rate);
    for (; sent < due; sent += 1)
      client.socket.write(publishFrame(topic, payload, plan.qos, (sent % 65_535) + 1));
    await wait(Math.max(1, 1_000 / rate));
  }
  return sent;
}
