import type { Birth, Reading, Status } from "@fieldmesh/protocol";
import { TestBrowser } from "@fieldmesh/test";
import { connectAsync } from "mqtt";
import type { Benchmark } from "../benchmark.js";
import { FIELDMESH } from "../broker/subjects.js";
import { median, spread } from "../statistics.js";
import { startDashboardProcess } from "./dashboard-process.js";

const NODES = 40;
const SENSORS = 50;
const LIMIT_MS = 2_000;

/** A browser that has never been here opens an overview of 2,000 streams. */
export const paint: Benchmark = {
  title: "First paint with 2,000 streams",
  run: async ({ progress, quick }) => {
    const broker = await FIELDMESH.start();
    await announce(broker.port);
    const dashboard = await startDashboardProcess(broker.port);
    const firstPaint: number[] = [];
    const firstValue: number[] = [];
    let streams = 0;
    for (let run = 0; run < (quick ? 2 : 7); run += 1) {
      progress(`browser ${run + 1}`);
      const browser = await TestBrowser.open();
      const page = await browser.page(dashboard.url);
      await page.locator("[data-value]").first().waitFor();
      firstValue.push(await page.evaluate(() => performance.now()));
      firstPaint.push(
        await page.evaluate(
          () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
        ),
      );
      const state = (await (await fetch(`${dashboard.url}/api/state`)).json()) as {
        catalogue: { nodes: Record<string, { sensors: unknown[] }> };
      };
      streams = Object.values(state.catalogue.nodes).reduce((sum, node) => sum + node.sensors.length, 0);
      await browser.close();
    }
    await dashboard.stop();
    await broker.stop();
    return {
      title: "First paint with 2,000 streams",
      about: `A fresh browser profile opens the overview of ${streams} streams on ${NODES} nodes; ms from the start of the navigation.`,
      columns: ["", "ms"],
      rows: [
        ["first contentful paint", spread(firstPaint, 0)],
        ["first tile with its value", spread(firstValue, 0)],
      ],
      required: [
        {
          text: `first tile within ${LIMIT_MS} ms`,
          met: median(firstValue) < LIMIT_MS && streams === NODES * SENSORS,
        },
      ],
      data: { firstPaint, firstValue, streams },
    };
  },
};

/** Births, states and one reading of each of 2,000 sensors. */
async function announce(port: number): Promise<void> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`);
  const boot = Math.floor(Date.now() / 1_000);
  for (let n = 1; n <= NODES; n += 1) {
    const node = `node-${n}`;
    const birth: Birth = {
      node,
      domain: "env",
      boot,
      version: "1.0.0",
      host: node,
      startedAt: Date.now(),
      sensors: Array.from({ length: SENSORS }, (_, i) => ({
        id: `s${i + 1}`,
        type: "temperature",
        unit: "Cel",
        intervalMs: 60_000,
        driver: "simulated",
        rules: [{ id: "too-hot", kind: "above", limit: 30, severity: "warning" }],
      })),
    };
    const status: Status = { state: "online", boot, conn: 1, timestamp: Date.now() };
    const retained = { qos: 1, retain: true } as const;
    await client.publishAsync(`env/${node}/birth`, JSON.stringify(birth), retained);
    await client.publishAsync(`env/${node}/status`, JSON.stringify(status), retained);
  }
  // Retained, so that the dashboard finds a value of each when it comes.
  for (let n = 1; n <= NODES; n += 1) {
    for (let i = 1; i <= SENSORS; i += 1) {
      const reading: Reading = {
        node: `node-${n}`,
        sensor: `s${i}`,
        value: 20 + (i % 10),
        unit: "Cel",
        timestamp: Date.now(),
        boot,
        seq: 1,
      };
      await client.publishAsync(`env/node-${n}/s${i}/raw`, JSON.stringify(reading), { qos: 1, retain: true });
    }
  }
  await client.endAsync();
}
