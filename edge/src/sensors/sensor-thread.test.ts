import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { SensorConfig } from "../config/types.js";
import { SensorThread } from "./sensor-thread.js";

const DIST = new URL("../../dist/", import.meta.url);
const WAIT = { timeout: 15_000, interval: 20 };

/** The real worker, which ends up in a loop, or ends itself, once its program runs. */
const BROKEN_WORKER = (pidFile: string, then: string): string => `
import { existsSync } from "node:fs";
await import(${JSON.stringify(new URL("worker/thread.js", DIST).href)});
setInterval(() => { if (existsSync(${JSON.stringify(pidFile)})) { ${then} } }, 10);
`;

let folder: string;
let thread: SensorThread | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-thread-"));
});
afterEach(async () => {
  await thread?.stop();
  await rm(folder, { recursive: true });
});

function execSensor(command: string[]): SensorConfig {
  return {
    id: "pump",
    type: "pump",
    valueType: "number",
    unit: "1",
    intervalMs: 50,
    scale: 1,
    offset: 0,
    qos: 1,
    driver: { kind: "exec", options: { command, timeout: 600_000, maxOutput: 1_000, env: {} } },
    rules: [],
  };
}

/** Whether a process runs: one that has ended and that nobody has asked after is gone as well. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return !/^\d+ \(.*\) [ZX]/.test(stat);
  } catch {
    return false;
  }
}

it.runIf(process.platform === "linux").each([
  ["hangs", "for (;;);", /no heartbeat/],
  ["ends", "process.exit(3);", /ended with code 3/],
])("ends the program, and what that started, of a worker that %s", async (_case, then, reason) => {
  const pids = join(folder, "pids");
  const module = join(folder, "worker.mjs");
  await writeFile(module, BROKEN_WORKER(pids, then));
  // It does not listen to a polite request, and neither does its child.
  const script = `trap '' TERM; sleep 600 & echo $$ $! > ${pids}.new; mv ${pids}.new ${pids}; wait`;
  const onEnded = vi.fn();
  thread = new SensorThread({
    module: pathToFileURL(module),
    start: { domain: "env", node: "n", sensor: execSensor(["sh", "-c", script]) },
    silenceLimitMs: 6_000, // above a heartbeat
    onMessage: () => undefined,
    onEnded,
    onImmortal: () => undefined,
  });
  const started = await vi.waitFor(async () => (await readFile(pids, "utf8")).trim().split(" "), WAIT);
  const [shell, child] = started.map(Number);
  await vi.waitFor(() => expect(onEnded).toHaveBeenCalledWith(expect.stringMatching(reason)), WAIT);
  await vi.waitFor(async () => {
    expect(await isRunning(shell ?? 0)).toBe(false);
    expect(await isRunning(child ?? 0)).toBe(false);
  }, WAIT);
});
