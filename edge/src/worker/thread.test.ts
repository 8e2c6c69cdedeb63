import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, expect, it, vi } from "vitest";
import { parseNodeConfig } from "../config/parse.js";
import type { FromWorker, ToWorker } from "../worker-messages.js";

// The built file, as a node starts it: `npx tsc -b edge` makes it.
const THREAD = new URL("../../dist/worker/thread.js", import.meta.url);
const workers: Worker[] = [];

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

async function startWorker(yaml: string): Promise<{ worker: Worker; received: FromWorker[] }> {
  const { sensors } = await parseNodeConfig(yaml, { file: "test.yaml" });
  const worker = new Worker(THREAD, { workerData: { domain: "env", node: "n", sensor: sensors[0] } });
  workers.push(worker);
  const received: FromWorker[] = [];
  worker.on("message", (message: FromWorker) => received.push(message));
  return { worker, received };
}

async function nextReading(worker: Worker): Promise<FromWorker & { type: "reading" }> {
  for (;;) {
    const [message] = (await once(worker, "message")) as [FromWorker];
    if (message.type === "reading") return message;
  }
}

function tell(worker: Worker, message: ToWorker): void {
  worker.postMessage(message);
}

it("reads a simulated sensor, shows a fault and its end, and exits with 0 when told to stop", async () => {
  const { worker, received } = await startWorker(
    "sensors: { temperature: { driver: { kind: simulated, mean: 20, swing: 0, wander: 0 }, interval: 20ms } }",
  );
  expect((await nextReading(worker)).verdicts).toEqual({ "too-hot": "clear", "too-cold": "clear" });
  expect(received[0]).toEqual({ type: "heartbeat", skipped: 0 });
  tell(worker, { type: "simulate", fault: "overheat" });
  let reading = await nextReading(worker);
  while (reading.verdicts["too-hot"] !== "violated") reading = await nextReading(worker);
  tell(worker, { type: "simulate", fault: "reset" });
  while (reading.verdicts["too-hot"] !== "clear") reading = await nextReading(worker);
  tell(worker, { type: "stop" });
  expect(await once(worker, "exit")).toEqual([0]);
});

it("reports each read of a sensor that cannot be read, and lives", async () => {
  const { worker } = await startWorker(
    "sensors: { water: { driver: { kind: exec, command: [/nonexistent/program] }, interval: 20ms } }",
  );
  for (let i = 0; i < 3; i += 1) {
    const reading = await nextReading(worker);
    expect(reading).toMatchObject({ value: null, quality: "bad" });
    expect(reading.reason).toContain("cannot run /nonexistent/program");
  }
});

it.each([
  [
    "a program that does not want to end",
    "{ kind: exec, command: [sh, -c, \"trap '' TERM; sleep 60; sleep 60\"] }",
  ],
  ["a broker that is not there", "{ kind: mqtt, url: 'mqtt://127.0.0.1:1', topic: a }"],
  ["a file that is being replayed", "{ kind: replay, file: CSV, speed: 0.001 }"],
])("stops while it waits for %s", async (_case, driver) => {
  const folder = mkdtempSync(join(tmpdir(), "fieldmesh-thread-"));
  const file = join(folder, "rows.csv");
  writeFileSync(file, "time,water\n1,1\n2,2\n");
  const { worker, received } = await startWorker(
    `sensors: { water: { driver: ${driver.replace("CSV", file)} } }`,
  );
  await vi.waitFor(() => expect(received).not.toHaveLength(0));
  tell(worker, { type: "stop" });
  expect(await once(worker, "exit")).toEqual([0]); // by itself: 1 is that of a thread that was terminated
  rmSync(folder, { recursive: true });
});
