import { setTimeout as wait } from "node:timers/promises";
import { publishFrame, RawClient } from "./raw-client.js";
import type { Address } from "./transports.js";

export interface PacedPlan {
  /** Messages/s. */
  rate: number;
  durationMs: number;
  payloadBytes: number;
  /** Subscribers to `env/#` that read. */
  readers: number;
  /** One more that stops reading when it has subscribed. */
  stalled?: boolean;
}

export interface PacedResult {
  /** Publisher's write to reader's read, of each message at each reader, ms. */
  latenciesMs: number[];
  /** Of what was sent to each reader. */
  deliveredShare: number;
  /** Whether the reader that does not read was disconnected before the end. */
  disconnected: boolean;
}

/** How long the last messages may take. */
const REST_MS = 5_000;

/** One publisher at an even rate; each payload carries when it was written. */
export async function paced(to: Address, plan: PacedPlan): Promise<PacedResult> {
  const latenciesMs: number[] = [];
  const readers: RawClient[] = [];
  for (let i = 0; i < plan.readers; i += 1) {
    const reader = await RawClient.open(to, `paced-reader-${i}`);
    reader.onPublish = (frame) => {
      latenciesMs.push(performance.now() - frame.readDoubleBE(frame.length - 8));
    };
    await reader.subscribe("env/#", 0);
    readers.push(reader);
  }
  const stalled = plan.stalled ? await RawClient.open(to, "paced-stalled") : undefined;
  await stalled?.subscribe("env/#", 0);
  stalled?.socket.pause();
  const publisher = await RawClient.open(to, "paced-publisher");
  const startedAt = performance.now();
  let sent = 0;
  while (performance.now() - startedAt < plan.durationMs) {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * plan.rate);
    for (; sent < due; sent += 1) {
      const payload = Buffer.alloc(plan.payloadBytes, "x");
      payload.writeDoubleBE(performance.now(), plan.payloadBytes - 8);
      publisher.socket.write(publishFrame("env/bench/paced/raw", payload, 0));
    }
    await wait(1);
  }
  const expected = sent * plan.readers;
  const deadline = performance.now() + REST_MS;
  while (latenciesMs.length < expected && performance.now() < deadline) await wait(20);
  const disconnected = stalled !== undefined && (await wasCutOff(stalled));
  for (const client of [publisher, ...readers]) client.close();
  stalled?.close();
  return { latenciesMs, deliveredShare: latenciesMs.length / expected, disconnected };
}

/** Reads on: the end of the connection stands behind what had come before it. */
async function wasCutOff({ socket }: RawClient): Promise<boolean> {
  socket.resume();
  for (let i = 0; i < 25 && !socket.destroyed; i += 1) await wait(20);
  return socket.destroyed;
}
