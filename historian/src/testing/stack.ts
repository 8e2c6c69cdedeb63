import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { HistoryStatus } from "@fieldmesh/protocol";
import { openSeries, type Sample, type SampleColumns } from "@fieldmesh/storage";
import { vi } from "vitest";
import { type Historian, startHistorian } from "../historian.js";
import type { HistorianOptions, HistorianWorld } from "../options.js";
import { TestNode } from "./node.js";
import { quiet } from "./quiet.js";

interface TestBroker {
  readonly port: number;
  close(): Promise<void>;
}

export interface HistorianProcess {
  url: string;
  child: ChildProcess;
  kill(): Promise<void>;
}

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** A broker, a folder, and historians on them: real ones. Closed as a whole. */
export class Stack {
  readonly folder: string;
  readonly brokerUrl: string;
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(folder: string, brokerPort: number) {
    this.folder = folder;
    this.brokerUrl = `mqtt://127.0.0.1:${brokerPort}`;
  }

  /** @param startBroker from `broker/`, which only test files may import */
  static async start(startBroker: (config: { port: number }) => Promise<TestBroker>): Promise<Stack> {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-historian-"));
    const broker = await startBroker({ port: 0 });
    const stack = new Stack(folder, broker.port);
    stack.#closers.push(
      () => rm(folder, { recursive: true, force: true }),
      () => broker.close(),
    );
    return stack;
  }

  own(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  async historian(
    options: Partial<HistorianOptions> = {},
    world: Partial<HistorianWorld> = {},
  ): Promise<Historian> {
    const historian = await startHistorian(
      {
        host: "127.0.0.1",
        port: 0,
        usersFile: join(this.folder, "users.yaml"),
        brokers: [[this.brokerUrl]],
        folder: join(this.folder, "historian"),
        ...options,
      },
      { log: quiet, ...world },
    );
    this.own(() => historian.close());
    // On MongoDB another may write; and at another broker a test looks for itself.
    if (options.storage === undefined && options.brokers === undefined) await listening(historian.url);
    return historian;
  }

  /** The historian as a process of its own, as it can only be killed. */
  async spawnHistorian(env: Record<string, string> = {}): Promise<HistorianProcess> {
    const child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env["PATH"],
        MQTT_URL: this.brokerUrl,
        DATA_DIR: this.folder,
        HISTORIAN_PORT: "0",
        ...env,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const kill = async (): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    };
    this.own(kill);
    for await (const line of createInterface({ input: child.stdout })) {
      if (process.env["TEST_LOG"] !== undefined) process.stderr.write(`${line}\n`);
      const event = JSON.parse(line) as { url?: string };
      if (event.url === undefined) continue;
      if (process.env["TEST_LOG"] === undefined) child.stdout.resume();
      else child.stdout.pipe(process.stderr);
      if (env["STORAGE"] === undefined) await listening(event.url);
      return { url: event.url, child, kill };
    }
    throw new Error("the historian ended before it listened");
  }

  async node(name: string, boot = 1_000, sensors: string[] = ["temperature"]): Promise<TestNode> {
    const node = new TestNode(this.brokerUrl, name, boot, sensors);
    await node.connect();
    this.own(() => node.close());
    return node;
  }

  /** Everything that is stored of a stream, once no historian runs. */
  async stored(stream: string): Promise<Sample[]> {
    const series = await openSeries({
      address: { kind: "folder", path: this.folder },
      service: "historian",
      hold: () => Promise.resolve({ release: () => Promise.resolve() }),
      log: quiet,
    });
    try {
      const samples: Sample[] = [];
      const all = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
      for await (const columns of series.range(stream, all)) samples.push(...samplesOf(columns));
      return samples;
    } finally {
      await series.close();
    }
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }
}

export async function statusOf(url: string): Promise<HistoryStatus> {
  const response = await fetch(`${url}/api/history/status`);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as HistoryStatus;
}

/** Resolves when it has subscribed: what is published before is not heard, and perhaps never told of. */
async function listening(url: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const { brokers } = await statusOf(url);
      if (!brokers.every(({ connected }) => connected) || brokers.length === 0) throw new Error("not yet");
    },
    { timeout: 15_000, interval: 20 },
  );
}

/** Resolves when a checkpoint of after this call is written. */
export async function checkpointed(url: string): Promise<void> {
  const since = Date.now();
  await vi.waitFor(
    async () => {
      const { checkpoint } = (await (await fetch(`${url}/healthz`)).json()) as { checkpoint?: string };
      if (checkpoint === undefined || Date.parse(checkpoint) < since) throw new Error("no checkpoint yet");
    },
    { timeout: 15_000, interval: 50 },
  );
}

function samplesOf({ length, at, timestamp, value, boot, seq, unit }: SampleColumns): Sample[] {
  return Array.from({ length }, (_, index) => {
    const number = value[index] ?? Number.NaN;
    return {
      boot: boot[index] ?? 0,
      seq: seq[index] ?? 0,
      at: at[index] ?? 0,
      timestamp: timestamp[index] ?? 0,
      value: Number.isNaN(number) ? null : number,
      unit,
    };
  });
}
