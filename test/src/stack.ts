import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./faults/harness/brokers.js";
import { type RunningProcess, run } from "./faults/harness/processes.js";

/** The `fieldmesh` command as it was built. */
export const COMMAND = fileURLToPath(new URL("../../cli/bin/fieldmesh.js", import.meta.url));

/** A webhook's receiver: keeps what was posted to it. */
export class Receiver implements AsyncDisposable {
  readonly posts: Record<string, unknown>[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.posts.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
        response.writeHead(204).end();
      });
    });
  }

  /** Listens, and returns its address. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alarms`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** `fieldmesh start` in an empty folder, on ports of its own, as a new user runs it. */
export class Stack implements AsyncDisposable {
  readonly process: RunningProcess;
  readonly url: string;
  readonly mqttUrl: string;
  readonly folder: string;

  private constructor(process: RunningProcess, url: string, mqttUrl: string, folder: string) {
    this.process = process;
    this.url = url;
    this.mqttUrl = mqttUrl;
    this.folder = folder;
  }

  /** Resolves when it has told the dashboard's address. */
  static async start(dashboardConfig = ""): Promise<Stack> {
    const folder = mkdtempSync(join(tmpdir(), "fieldmesh-stack-"));
    const [mqtt, ws, http, history, registry] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const config = join(folder, "dashboard.yaml");
    writeFileSync(config, dashboardConfig);
    const process_ = run("start", process.execPath, [COMMAND, "start"], {
      ...process.env,
      DATA_DIR: join(folder, "data"),
      MQTT_PORT: String(mqtt),
      MQTT_WS_PORT: String(ws),
      DASHBOARD_PORT: String(http),
      HISTORIAN_PORT: String(history),
      REGISTRY_PORT: String(registry),
      ...(dashboardConfig === "" ? {} : { DASHBOARD_CONFIG: config }),
    });
    const stack = new Stack(process_, `http://localhost:${http}`, `mqtt://127.0.0.1:${mqtt}`, folder);
    await process_.said(stack.url);
    return stack;
  }

  /** Process id of a supervised service, by the word that its command line ends with. */
  service(word: string): number {
    for (const entry of readdirSync("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
        const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
        const words = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0").filter(Boolean);
        if (parent === this.process.pid && words.at(-1) === word) return Number(entry);
      } catch {
        // It ended while we were looking.
      }
    }
    throw new Error(`no service "${word}" runs`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
