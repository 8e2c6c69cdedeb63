import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Benchmark } from "./benchmark.js";
import { RawClient } from "./broker/raw-client.js";
import { FIELDMESH } from "./broker/subjects.js";
import { startEdge } from "./edge-process.js";
import { usageOf } from "./process-usage.js";
import { spread } from "./statistics.js";

const MIB = 2 ** 20;
const INTERVAL_MS = 1_000;

/** What a node costs with 1, 10 and 50 sensors, each in a worker thread of its own. */
export const edge: Benchmark = {
  title: "Memory and CPU of an edge node",
  async run({ progress, quick }) {
    const rows: string[][] = [];
    const data: { sensors: number; memoryMiB: number[]; cpuShare: number[]; bareMiB: number }[] = [];
    const measureMs = quick ? 5_000 : 20_000;
    for (const sensors of [1, 10, 50]) {
      const memoryMiB: number[] = [];
      const cpuShare: number[] = [];
      for (let round = 0; round < (quick ? 1 : 3); round += 1) {
        progress(`${sensors} sensors, round ${round + 1}`);
        const broker = await FIELDMESH.start();
        const subscriber = await RawClient.open(broker.port, "bench");
        await subscriber.subscribe("env/+/+/raw", 0);
        const node = startEdge({ mqttPort: broker.port, node: "bench", sensors, intervalMs: INTERVAL_MS });
        while (subscriber.received < sensors * 3) await wait(100);
        const before = usageOf(node.pid);
        await wait(measureMs);
        const after = usageOf(node.pid);
        memoryMiB.push(after.memoryBytes / MIB);
        cpuShare.push(((after.cpuS - before.cpuS) / (measureMs / 1_000)) * 100);
        await node.stop();
        subscriber.close();
        await broker.stop();
      }
      progress(`${sensors} empty worker threads`);
      const bareMiB = await emptyWorkers(sensors);
      data.push({ sensors, memoryMiB, cpuShare, bareMiB });
      rows.push([String(sensors), spread(memoryMiB, 0), bareMiB.toFixed(0), spread(cpuShare, 2)]);
    }
    const [one, , fifty] = data;
    const perSensor = (pick: (entry: (typeof data)[number]) => number) =>
      one === undefined || fifty === undefined ? Number.NaN : (pick(fifty) - pick(one)) / 49;
    const last = (values: readonly number[]) => values.at(-1) ?? Number.NaN;
    rows.push([
      "each more sensor",
      perSensor((entry) => last(entry.memoryMiB)).toFixed(1),
      perSensor((entry) => entry.bareMiB).toFixed(1),
      perSensor((entry) => last(entry.cpuShare)).toFixed(3),
    ]);
    return {
      title: "Memory and CPU of an edge node",
      about: `Simulated sensors read every ${INTERVAL_MS / 1_000} s, published at QoS 1. Memory is the process's proportional share (PSS); beside it that of a process with as many worker threads that do nothing.`,
      columns: ["sensors", "memory, MiB", "empty threads, MiB", "CPU, % of a core"],
      rows,
      data,
    };
  },
};

/** Memory of a process with so many threads that do nothing, MiB. */
async function emptyWorkers(count: number): Promise<number> {
  const script = `
    const { Worker } = require("node:worker_threads");
    for (let i = 0; i < ${count}; i += 1) new Worker("setInterval(() => {}, 1000)", { eval: true });
    setTimeout(() => process.send("ready"), 2000);
  `;
  const folder = mkdtempSync(join(tmpdir(), "fieldmesh-bench-threads-"));
  const file = join(folder, "threads.cjs");
  writeFileSync(file, script);
  const child = fork(file, { execArgv: [] });
  await new Promise((resolve) => child.once("message", resolve));
  const memory = usageOf(child.pid ?? 0).memoryBytes / MIB;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  rmSync(folder, { recursive: true, force: true });
  return memory;
}
