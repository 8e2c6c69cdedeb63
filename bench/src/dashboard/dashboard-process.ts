import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../broker/subjects.js";

export interface DashboardProcess {
  pid: number;
  url: string;
  stop(): Promise<void>;
}

/** Starts a dashboard in a process of its own; resolves when it answers. */
export async function startDashboardProcess(mqttPort: number): Promise<DashboardProcess> {
  const folder = mkdtempSync(join(tmpdir(), "fieldmesh-bench-dashboard-"));
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("../../../dashboard/server/dist/main.js", import.meta.url))],
    {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...process.env,
        DATA_DIR: folder,
        DASHBOARD_PORT: String(port),
        MQTT_URL: `mqtt://127.0.0.1:${mqttPort}`,
        LOG_LEVEL: "error",
      },
    },
  );
  const url = `http://localhost:${port}`;
  const deadline = Date.now() + 15_000; // ms
  for (;;) {
    try {
      if ((await fetch(`${url}/healthz`)).ok) break;
    } catch {
      // Not yet.
    }
    if (child.exitCode !== null || Date.now() > deadline) throw new Error("the dashboard did not start");
    await wait(100);
  }
  return {
    pid: child.pid ?? -1,
    url,
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.kill("SIGKILL")) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
