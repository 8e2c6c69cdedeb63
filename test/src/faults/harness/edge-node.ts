import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FaultControl } from "./preload.js";
import { type RunningProcess, run } from "./processes.js";

export interface EdgeSettings {
  id: string;
  folder: string;
  url: string;
  /** Where the node keeps its log, if not in `folder`. */
  dataDir?: string;
  sensors: readonly string[];
  intervalMs: number;
}

/** Exit codes of a node: 75 asks its supervisor to start it again, 2 says that it must not. */
const EXIT_RESTART = 75;

/** An edge node as a process of its own, started again as its supervisor would when it asks for it. */
export class EdgeProcess {
  readonly settings: EdgeSettings;
  readonly dataDir: string;
  readonly #control: string;
  #process: RunningProcess | undefined;
  #orders: FaultControl = {};
  /** Of the processes it has been, for the report of a failed test. */
  readonly #lines: string[] = [];
  restarts = 0;
  /** Resolves with the exit code, `null` after a signal, once it has ended and nobody would start it again. */
  readonly down: Promise<number | null>;
  #wentDown: (code: number | null) => void = () => {};

  constructor(settings: EdgeSettings) {
    this.settings = settings;
    this.dataDir = settings.dataDir ?? join(settings.folder, "data");
    this.#control = join(settings.folder, "faults.json");
    this.down = new Promise((resolve) => {
      this.#wentDown = resolve;
    });
  }

  get process(): RunningProcess {
    if (this.#process === undefined) throw new Error(`${this.settings.id} was not started`);
    return this.#process;
  }

  get lines(): string[] {
    return [...this.#lines, ...(this.#process?.lines ?? [])];
  }

  async start(): Promise<void> {
    const { id, folder, url, sensors, intervalMs } = this.settings;
    await mkdir(this.dataDir, { recursive: true });
    const config = join(folder, "edge.yaml");
    const written = sensors.map((sensor) => {
      const driver = "{ kind: simulated, seed: 1 }";
      return `  ${sensor}: { type: temperature, interval: ${intervalMs}ms, driver: ${driver}, rules: {} }`;
    });
    await writeFile(config, `sensors:\n${written.join("\n")}\n`);
    await this.order({});
    const main = join(dirname(fileURLToPath(import.meta.resolve("@fieldmesh/edge"))), "main.js");
    const preload = import.meta.resolve("@fieldmesh/test/fault-preload");
    const env = {
      PATH: process.env["PATH"],
      NODE_ID: id,
      EDGE_CONFIG: config,
      DATA_DIR: this.dataDir,
      MQTT_URL: url,
      LOG_LEVEL: "debug",
      FAULT_CONTROL: this.#control,
    };
    const begun = run(id, process.execPath, ["--import", preload, main], env);
    this.#process = begun;
    void begun.ended.then(async (code) => {
      if (this.#process !== begun) return;
      if (code !== EXIT_RESTART) {
        this.#wentDown(code);
        return;
      }
      this.restarts++;
      this.#lines.push(...begun.lines);
      await this.start();
    });
  }

  /** Changes what is done to the node from inside; see {@link FaultControl}. */
  async order(orders: FaultControl): Promise<void> {
    this.#orders = { ...this.#orders, ...orders };
    const draft = `${this.#control}.new`;
    await writeFile(draft, JSON.stringify(this.#orders));
    await rename(draft, this.#control);
  }

  async kill(): Promise<void> {
    this.#lines.push(...this.process.lines);
    await this.process.kill();
  }

  async stop(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.stop();
  }
}
