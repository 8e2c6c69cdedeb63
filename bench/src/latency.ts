import { setTimeout as wait } from "node:timers/promises";
import { parseMessage } from "@fieldmesh/protocol";
import type { Benchmark } from "./benchmark.js";
import { RawClient } from "./broker/raw-client.js";
import { FIELDMESH, MOSQUITTO, type SubjectKind } from "./broker/subjects.js";
import { startEdge } from "./edge-process.js";
import { percentile, spread } from "./statistics.js";

const SENSORS = 50;
const INTERVAL_MS = 50;

/** From the moment a sensor was read to the moment a subscriber has the message. */
export const latency: Benchmark = {
  title: "Sensor to subscriber",
  async run({ progress, quick }) {
    const kinds = [FIELDMESH, MOSQUITTO].filter((kind) => kind.missing() === undefined);
    const samples = new Map<string, { p50: number; p95: number; p99: number; perS: number }[]>();
    for (let round = 0; round < (quick ? 1 : 3); round += 1) {
      for (const kind of kinds) {
        progress(`round ${round + 1}: ${kind.name}`);
        const sample = await measure(kind, quick ? 3_000 : 20_000);
        samples.set(kind.name, [...(samples.get(kind.name) ?? []), sample]);
      }
    }
    return {
      title: "Sensor to subscriber",
      about: `One node with ${SENSORS} simulated sensors at ${1_000 / INTERVAL_MS} readings/s each, QoS 1; time from the sensor's read to the message at a subscriber on the same machine, ms (the read's time has a resolution of 1 ms).`,
      columns: ["broker", "readings/s", "p50", "p95", "p99"],
      rows: [...samples].map(([name, runs]) => [
        name,
        spread(
          runs.map((run) => run.perS),
          0,
        ),
        spread(runs.map((run) => run.p50)),
        spread(runs.map((run) => run.p95)),
        spread(runs.map((run) => run.p99)),
      ]),
      data: Object.fromEntries(samples),
    };
  },
};

async function measure(kind: SubjectKind, durationMs: number) {
  const broker = await kind.start();
  const subscriber = await RawClient.open(broker.port, "bench");
  await subscriber.subscribe("env/+/+/raw", 0);
  const node = startEdge({ mqttPort: broker.port, node: "bench", sensors: SENSORS, intervalMs: INTERVAL_MS });
  while (subscriber.received < SENSORS * 20) await wait(50);
  const latenciesMs: number[] = [];
  subscriber.onPublish = (frame) => {
    const now = performance.timeOrigin + performance.now();
    const start = (frame[1] ?? 0) & 0x80 ? 3 : 2; // remaining length of one or two bytes: a reading is short
    const topicEnd = start + 2 + frame.readUInt16BE(start);
    const topic = frame.toString("utf8", start + 2, topicEnd);
    const message = parseMessage(topic, frame.subarray(topicEnd), { now, retain: false });
    if (message.ok && message.value.kind === "reading")
      latenciesMs.push(now - message.value.reading.timestamp);
  };
  await wait(durationMs);
  await node.stop();
  subscriber.close();
  await broker.stop();
  const at = (p: number) => percentile(latenciesMs, p);
  return { p50: at(50), p95: at(95), p99: at(99), perS: latenciesMs.length / (durationMs / 1_000) };
}
