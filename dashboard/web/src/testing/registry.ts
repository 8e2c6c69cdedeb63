import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A real registry in a process of its own, as a browser finds it behind the dashboard. */
export interface Registry {
  url: string;
  /** Fails when the answer is not a success. */
  ask: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answered>;
  stop: () => Promise<void>;
}

interface Answered {
  etag: string;
  body: Record<string, unknown>;
}

/** Starts one on an empty folder; without a broker. */
export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-web-registry-"));
  const main = fileURLToPath(new URL("main.js", import.meta.resolve("@fieldmesh/mesh-registry")));
  const child = spawn(process.execPath, [main], {
    // Nothing listens on port 1: the registry says that its broker is away, and runs.
    env: { ...process.env, DATA_DIR: folder, REGISTRY_PORT: "0", MQTT_URL: "mqtt://127.0.0.1:1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const url = await new Promise<string>((resolve, reject) => {
    void gone.then(([code]) => reject(new Error(`the registry ended with ${String(code)}`)));
    createInterface(child.stdout).on("line", (line) => {
      const { url: at } = JSON.parse(line) as { url?: string };
      if (at !== undefined) resolve(at);
    });
  });
  return {
    url,
    ask: async (method, path, body, headers = {}) => {
      const answer = await fetch(url + path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return {
        etag: answer.headers.get("etag") ?? "",
        body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
      };
    },
    stop: async () => {
      child.kill();
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
