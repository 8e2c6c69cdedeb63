import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { HistoryGaps, HistoryReadings, HistoryStatus, LossEntry } from "@fieldmesh/protocol";
import { freePort } from "./brokers.js";
import { type RunningProcess, run } from "./processes.js";

export interface HistorianSettings {
  folder: string;
  brokerUrl: string;
  /** `STORAGE`; in its own folder when not given. */
  storage?: string | undefined;
  /** `HISTORIAN_CONFIG`. */
  configuration?: string;
}

/** A reading as it comes out of the store. */
export interface StoredReading {
  timestamp: number;
  value: number | boolean | null;
}

const ANSWERS_WITHIN_MS = 10_000;

/** The historian as a process of its own, asked over HTTP as anyone would. */
export class HistorianProcess {
  readonly settings: HistorianSettings;
  #port: number | undefined;
  #process: RunningProcess | undefined;
  readonly #lines: string[] = [];

  constructor(settings: HistorianSettings) {
    this.settings = settings;
  }

  get lines(): string[] {
    return [...this.#lines, ...(this.#process?.lines ?? [])];
  }

  get running(): boolean {
    return this.#process?.running === true;
  }

  async start(): Promise<void> {
    this.#port ??= await freePort();
    const { folder, brokerUrl, storage, configuration } = this.settings;
    const main = join(dirname(fileURLToPath(import.meta.resolve("@fieldmesh/historian"))), "main.js");
    this.#process = run("historian", process.execPath, [main], {
      PATH: process.env["PATH"],
      HISTORIAN_PORT: String(this.#port),
      DATA_DIR: folder,
      MQTT_URL: brokerUrl,
      LOG_LEVEL: "info",
      ...(storage === undefined ? {} : { STORAGE: storage }),
      ...(configuration === undefined ? {} : { HISTORIAN_CONFIG: configuration }),
    });
    await this.#process.said("historian at");
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
    this.#keepLines();
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    this.#keepLines();
  }

  /** The identity of a stream, boot by boot; none before anything of it came. */
  async account(stream: string): Promise<HistoryGaps["account"]> {
    return (await this.#gaps(stream, "?limit=1"))?.account ?? [];
  }

  async losses(stream: string): Promise<LossEntry[]> {
    const entries: LossEntry[] = [];
    let after: string | undefined;
    do {
      const query: string = after === undefined ? "" : `&after=${encodeURIComponent(after)}`;
      const page = await this.#gaps(stream, `?limit=1000${query}`);
      entries.push(...(page?.entries ?? []));
      after = page?.next;
    } while (after !== undefined);
    return entries;
  }

  /** Everything that is kept of a stream: by boot and number. */
  async stored(stream: string): Promise<Map<number, Map<number, StoredReading>>> {
    const boots = new Map<number, Map<number, StoredReading>>();
    const response = await this.#get(`streams/${stream}/readings?from=0&to=9000000000000&format=ndjson`);
    if (response.status === 404 || response.body === null) return boots;
    const lines = createInterface({
      input: Readable.fromWeb(response.body as import("node:stream/web").ReadableStream),
    });
    for await (const line of lines) {
      const { boot, seq, ...reading } = JSON.parse(line) as StoredReading & { boot: number; seq: number };
      const of = boots.get(boot) ?? new Map<number, StoredReading>();
      boots.set(boot, of);
      if (of.has(seq)) throw new Error(`${stream}: ${boot}/${seq} is kept twice`);
      of.set(seq, reading);
    }
    return boots;
  }

  async readings(stream: string, query: string): Promise<HistoryReadings> {
    return (await (await this.#get(`streams/${stream}/readings?${query}`)).json()) as HistoryReadings;
  }

  async status(): Promise<HistoryStatus> {
    return (await (await this.#get("status")).json()) as HistoryStatus;
  }

  async #gaps(stream: string, query: string): Promise<HistoryGaps | undefined> {
    const response = await this.#get(`streams/${stream}/gaps${query}`);
    return response.status === 404 ? undefined : ((await response.json()) as HistoryGaps);
  }

  async #get(path: string): Promise<Response> {
    const url = `http://127.0.0.1:${this.#port}/api/history/${path}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    if (response.ok || response.status === 404) return response;
    throw new Error(`${url}: ${response.status} ${await response.text()}`);
  }

  #keepLines(): void {
    this.#lines.push(...(this.#process?.lines ?? []));
    this.#process = undefined;
  }
}
