import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../broker/subjects.js";

/** A catalogue of data products under load, in a process of its own. */
export interface Catalogue {
  port: number;
  stop(): Promise<void>;
}

export interface CatalogueKind {
  name: string;
  start(): Promise<Catalogue>;
}

const START_MS = 30_000;

function kind(
  name: string,
  program: string,
  environment: (port: number, folder: string) => NodeJS.ProcessEnv,
): CatalogueKind {
  return {
    name,
    async start() {
      const port = await freePort();
      const folder = mkdtempSync(join(tmpdir(), "fieldmesh-bench-registry-"));
      const built = fileURLToPath(new URL(program, import.meta.url));
      const child = spawn(process.execPath, [built, String(port)], {
        stdio: ["ignore", "ignore", "inherit"],
        env: { PATH: process.env["PATH"], ...environment(port, folder) },
      });
      await listening(port, child, name);
      return {
        port,
        async stop() {
          const ended = once(child, "exit");
          child.kill("SIGKILL");
          await ended;
          rmSync(folder, { recursive: true, force: true });
        },
      };
    },
  };
}

async function listening(port: number, child: ChildProcess, name: string): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended with exit code ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error(`${name} did not listen within ${START_MS / 1_000} s`);
    await wait(50);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

export const REGISTRY = kind("Fieldmesh", "fieldmesh-process.js", (port, folder) => ({
  DATA_DIR: folder,
  HOST: "127.0.0.1",
  REGISTRY_PORT: String(port),
  MQTT_URL: "mqtt://127.0.0.1:1", // nobody is there
}));
export const BARE_EXPRESS = kind("Express, bare, in memory", "peer-process.js", () => ({}));
