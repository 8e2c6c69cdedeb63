import { setTimeout as wait } from "node:timers/promises";
import { TestBrowser } from "@fieldmesh/test";
import type { Page } from "playwright-core";
import type { BenchContext, Benchmark } from "../benchmark.js";
import { FIELDMESH } from "../broker/subjects.js";
import { startEdge } from "../edge-process.js";
import { usageOfFamily } from "../process-usage.js";
import { median, spread } from "../statistics.js";
import { startDashboardProcess } from "./dashboard-process.js";
import { redraws } from "./inspection.js";

const SENSORS = 10;
const INTERVAL_MS = 100;
const CPU_LIMIT = 15; // % of a core
const REDRAWS_LIMIT = 4; // per second
const MIB = 2 ** 20;
const LIVELY_MS = 60_000;
const USUAL_MS = 300_000;
const STREAMS = Array.from({ length: SENSORS }, (_, i) => `env_bench_s${i + 1}`);

/** What ten live charts cost the machine that shows them. */
export const charts: Benchmark = {
  title: "Ten live charts in the browser",
  run: async (context) => {
    const { quick } = context;
    const broker = await FIELDMESH.start();
    const dashboard = await startDashboardProcess(broker.port);
    const node = startEdge({
      mqttPort: broker.port,
      node: "bench",
      sensors: SENSORS,
      intervalMs: INTERVAL_MS,
    });
    const browser = await TestBrowser.open({ width: 1440, height: 1200 });
    const page = await browser.page(dashboard.url);
    await page
      .locator("[data-value]")
      .nth(SENSORS - 1)
      .waitFor();
    const lively = await observe(page, browser, LIVELY_MS, quick ? 1 : 10, context);
    const usual = await observe(page, browser, USUAL_MS, quick ? 1 : 3, context);
    await browser.close();
    await node.stop();
    await dashboard.stop();
    await broker.stop();
    const growth = (lively.memoryMiB.at(-1) ?? 0) - (lively.memoryMiB[0] ?? 0);
    return {
      title: "Ten live charts in the browser",
      about: `The overview with ten sensors at ${1_000 / INTERVAL_MS} readings/s each in headless Chromium without a GPU, 1440 × 1200; over all of the browser's processes, minute by minute. A chart is drawn again when a pixel's worth of time has passed: the shorter the window, the more often.`,
      columns: ["", "window of 1 min", "window of 5 min"],
      rows: [
        ["CPU, % of a core", spread(lively.cpuShare), spread(usual.cpuShare)],
        ["redraws/s of each chart", spread(lively.redrawsPerS), spread(usual.redrawsPerS)],
        ["memory, MiB", spread(lively.memoryMiB, 0), spread(usual.memoryMiB, 0)],
        [`memory, last minute less first (${lively.memoryMiB.length} min), MiB`, growth.toFixed(0), ""],
      ],
      required: [
        { text: `under ${CPU_LIMIT} % of one core`, met: median(lively.cpuShare) < CPU_LIMIT },
        {
          text: `redrawn at least ${REDRAWS_LIMIT} times a second`,
          met: Math.min(...lively.redrawsPerS) >= REDRAWS_LIMIT,
        },
      ],
      data: { lively, usual },
    };
  },
};

/** Looks at the page, minute by minute, with a window of that length. */
async function observe(
  page: Page,
  browser: TestBrowser,
  windowMs: number,
  minutes: number,
  { progress, quick }: BenchContext,
) {
  await page.locator(`select:has(option[value="${windowMs}"])`).selectOption(String(windowMs));
  await wait(quick ? 5_000 : 30_000); // until the page has settled
  const [cpuShare, redrawsPerS, memoryMiB]: [number[], number[], number[]] = [[], [], []];
  for (let minute = 0; minute < minutes; minute += 1) {
    progress(`window of ${windowMs / 60_000} min: minute ${minute + 1} of ${minutes}`);
    const [before, drawn, at] = [usageOfFamily(browser.pid), await redraws(page, STREAMS), Date.now()];
    await wait(quick ? 10_000 : 60_000);
    const seconds = (Date.now() - at) / 1_000;
    const after = usageOfFamily(browser.pid);
    cpuShare.push(((after.cpuS - before.cpuS) / seconds) * 100);
    memoryMiB.push(after.memoryBytes / MIB);
    const now = await redraws(page, STREAMS);
    redrawsPerS.push(...now.map((count, i) => (count - (drawn[i] ?? 0)) / seconds));
  }
  return { cpuShare, redrawsPerS, memoryMiB };
}
