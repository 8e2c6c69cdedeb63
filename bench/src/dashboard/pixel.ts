/// <reference lib="dom" />
// The function that runs in the page is written here too.
import { setTimeout as wait } from "node:timers/promises";
import { parseMessage } from "@fieldmesh/protocol";
import { TestBrowser } from "@fieldmesh/test";
import { connectAsync } from "mqtt";
import type { Page } from "playwright-core";
import type { Benchmark } from "../benchmark.js";
import { FIELDMESH, MOSQUITTO, type SubjectKind } from "../broker/subjects.js";
import { startEdge } from "../edge-process.js";
import { median, percentile, spread } from "../statistics.js";
import { startDashboardProcess } from "./dashboard-process.js";
import type { Inspection } from "./inspection.js";

const SENSORS = 50;
const INTERVAL_MS = 50;
const LIMIT_MS = 100;
const STREAM = "env_bench_s1";

/** From the moment a sensor was read to the frame of the screen that shows its value. */
export const pixel: Benchmark = {
  title: "Sensor to pixel",
  run: async ({ progress, quick }) => {
    const kinds = [FIELDMESH, MOSQUITTO].filter((kind) => kind.missing() === undefined);
    const samples = new Map<string, { p50: number; p95: number; p99: number; count: number }[]>();
    for (let round = 0; round < (quick ? 1 : 3); round += 1) {
      for (const kind of kinds) {
        progress(`round ${round + 1}: ${kind.name}`);
        const sample = await measure(kind, quick ? 5_000 : 30_000);
        samples.set(kind.name, [...(samples.get(kind.name) ?? []), sample]);
      }
    }
    const ours = samples.get(FIELDMESH.name) ?? [];
    return {
      title: "Sensor to pixel",
      about: `One node with ${SENSORS} simulated sensors at ${1_000 / INTERVAL_MS} readings/s each, one of them on its page in headless Chromium; time from the sensor's read to the frame of the screen after its value was put on the page, ms. The server sends a frame to the browser every 50 ms.`,
      columns: ["broker", "values seen", "p50", "p95", "p99"],
      rows: [...samples].map(([name, runs]) => [
        name,
        spread(
          runs.map((run) => run.count),
          0,
        ),
        spread(
          runs.map((run) => run.p50),
          0,
        ),
        spread(
          runs.map((run) => run.p95),
          0,
        ),
        spread(
          runs.map((run) => run.p99),
          0,
        ),
      ]),
      required: [{ text: `p99 under ${LIMIT_MS} ms`, met: median(ours.map((run) => run.p99)) < LIMIT_MS }],
      data: Object.fromEntries(samples),
    };
  },
};

async function measure(kind: SubjectKind, durationMs: number) {
  const broker = await kind.start();
  const dashboard = await startDashboardProcess(broker.port);
  const readAt = new Map<number, number>();
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
  client.on("message", (topic, payload) => {
    const message = parseMessage(topic, payload, { now: Date.now(), retain: false });
    if (message.ok && message.value.kind === "reading") {
      readAt.set(message.value.reading.seq, message.value.reading.timestamp);
    }
  });
  await client.subscribeAsync("env/bench/s1/raw");
  const node = startEdge({ mqttPort: broker.port, node: "bench", sensors: SENSORS, intervalMs: INTERVAL_MS });
  const browser = await TestBrowser.open();
  const page = await browser.page(`${dashboard.url}/stream/${STREAM}`);
  await page.locator("[data-value]").first().waitFor();
  await wait(3_000); // until the page has settled
  const shown = await watch(page, durationMs);
  await browser.close();
  await node.stop();
  await client.endAsync();
  await dashboard.stop();
  await broker.stop();
  const latenciesMs = shown.flatMap(([seq, at]) => {
    const read = readAt.get(seq);
    return read === undefined ? [] : [at - read];
  });
  const at = (p: number) => percentile(latenciesMs, p);
  return { p50: at(50), p95: at(95), p99: at(99), count: latenciesMs.length };
}

/** The newest sequence number on the page at each change of its value, and when the next frame had been painted. */
async function watch(page: Page, durationMs: number): Promise<[seq: number, at: number][]> {
  return await page.evaluate(
    async ([stream, forMs]) => {
      const { __fieldmesh } = globalThis as unknown as { __fieldmesh: Inspection };
      const value = document.querySelector("[data-value]");
      if (value === null) return [];
      const seen: [number, number][] = [];
      const observer = new MutationObserver(() => {
        const seq = __fieldmesh.charted(stream).reduce((newest, point) => Math.max(newest, point.seq), 0);
        requestAnimationFrame(() => {
          const channel = new MessageChannel(); // its message comes after the frame was painted
          channel.port1.onmessage = () => seen.push([seq, performance.timeOrigin + performance.now()]);
          channel.port2.postMessage(0);
        });
      });
      observer.observe(value, { childList: true, characterData: true, subtree: true });
      await new Promise((resolve) => setTimeout(resolve, forMs));
      observer.disconnect();
      return seen;
    },
    [STREAM, durationMs] as const,
  );
}
