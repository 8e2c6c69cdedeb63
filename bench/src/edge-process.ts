import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** An edge node in a process of its own. */
export interface EdgeProcess {
  pid: number;
  stop(): Promise<void>;
}

export interface EdgePlan {
  mqttPort: number;
  node: string;
  sensors: number;
  intervalMs: number;
}

/** Starts a node with so many simulated sensors, `s1` to `sN`, each in a worker thread of its own. */
export function startEdge(plan: EdgePlan): EdgeProcess {
  const folder = mkdtempSync(join(tmpdir(), "fieldmesh-bench-edge-"));
  const file = join(folder, "edge.yaml");
  const sensors = Array.from(
    { length: plan.sensors },
    (_, i) =>
      `  s${i + 1}: { type: temperature, unit: Cel, driver: simulated, interval: ${plan.intervalMs}ms }`,
  );
  writeFileSync(file, `sensors:\n${sensors.join("\n")}\n`);
  const child: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(new URL("../../edge/dist/main.js", import.meta.url))],
    {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...process.env,
        EDGE_CONFIG: file,
        NODE_ID: plan.node,
        DATA_DIR: folder,
        MQTT_URL: `mqtt://127.0.0.1:${plan.mqttPort}`,
        LOG_LEVEL: "warn",
      },
    },
  );
  const { pid } = child;
  if (pid === undefined) throw new Error("the edge node has no process");
  return {
    pid,
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.kill("SIGKILL")) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
