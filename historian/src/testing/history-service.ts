import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type HistoryEvent,
  type HistoryStatus,
  type HistoryStream,
  parseStreamName,
  type QualityReport,
  type WindowQuality,
} from "@fieldmesh/protocol";
import { addSessionRoutes, createHttpApp, createSignIn, listen } from "@fieldmesh/runtime";
import type { Appended, Sample } from "@fieldmesh/storage";
import { onTestFinished } from "vitest";
import { ReadGuard } from "../access/read-guard.js";
import type { EventQuery } from "../events/event-history.js";
import type { ImportLimits } from "../http/import-route.js";
import type { HistoryReads, VersionedConfiguration } from "../http/reads.js";
import { historyRoutes } from "../http/routes.js";
import { FakeSeries } from "./fake-series.js";
import { quiet } from "./quiet.js";

const WINDOW: WindowQuality = {
  observedMs: 60_000,
  expected: 60,
  received: 59,
  completeness: 59 / 60,
  validity: 1,
  invalidBy: {},
  availability: 1,
  timeliness: { p50: 3, p95: 9, p99: 20 },
  rate: 1,
  duplicates: 0,
  outOfOrder: 0,
  bad: 1,
  badBy: { spike: 1 },
};

/** All that a historian can be asked for, of a series in memory; each part can be looked at and replaced. */
export class FakeReads implements HistoryReads {
  readonly series: FakeSeries;
  readonly #clock: () => number;
  eventsFound: HistoryEvent[] = [];
  readonly eventQueries: EventQuery[] = [];
  inForce: VersionedConfiguration = { version: 1, document: { version: 1, streams: {} } };
  role: HistoryStatus["role"] = "writer";

  constructor(clock: () => number) {
    this.#clock = clock;
    this.series = new FakeSeries(clock);
  }

  async add(stream: string, samples: readonly Sample[]): Promise<void> {
    await this.series.append(new Map([[stream, samples]]));
  }

  streams(): HistoryStream[] {
    return this.series.names.flatMap((name) => this.stream(name) ?? []);
  }

  stream(name: string): HistoryStream | undefined {
    const parsed = parseStreamName(name);
    if (!this.series.names.includes(name) || !parsed.ok) return undefined;
    const raw = this.series.raw(name);
    return {
      stream: name,
      ...parsed.value,
      unit: raw.at(-1)?.unit ?? "Cel",
      valueType: typeof raw.at(-1)?.value === "boolean" ? "boolean" : "number",
      readings: raw.length,
      from: raw[0]?.at ?? null,
      to: raw.at(-1)?.at ?? null,
      bytes: raw.length * 4,
    };
  }

  readonly events = {
    find: (query: EventQuery) => {
      this.eventQueries.push(query);
      const rest = this.eventsFound.slice(Number(query.after ?? 0));
      const end = Number(query.after ?? 0) + query.limit;
      return Promise.resolve({
        items: rest.slice(0, query.limit),
        ...(rest.length > query.limit ? { next: String(end) } : {}),
      });
    },
  };

  readonly losses: HistoryReads["losses"] = {
    entries: (stream) =>
      Promise.resolve({
        entries: [
          {
            id: "1",
            stream,
            boot: 1_000,
            from: 5,
            to: 9,
            count: 5,
            fromAt: 1_000,
            toAt: 2_000,
            explanation: "late",
            cause: "broker-unreachable",
            open: false,
            came: [3_000, 3_100],
          },
        ],
        next: "more",
      }),
    account: () => [
      {
        boot: 1_000,
        countedFrom: 1,
        read: 12,
        suppressed: 2,
        lastSeq: 10,
        stored: 10,
        dropped: 0,
        held: 0,
        unknown: 0,
        late: 5,
        recovered: 0,
      },
    ],
  };

  readonly quality = {
    report: (stream: string, now: number): QualityReport => ({
      stream,
      timestamp: now,
      freshness: { at: now - 500, ageMs: 500, withinMs: 3_000, fresh: true },
      clock: { offsetMs: 12, off: false },
      windows: { "1m": WINDOW, "1h": WINDOW, "24h": WINDOW, "30d": WINDOW },
      objectives: [
        {
          id: "slo-availability",
          measure: "availability",
          target: 0.99,
          withinMs: 3_000,
          window: "30d",
          actual: 1,
          budgetLeft: 1,
          burn: { short: 0, long: 0 },
          state: "ok",
        },
      ],
      configuration: this.inForce.version,
    }),
  };

  readonly configuration = this.#configuration();

  status(): Promise<HistoryStatus> {
    const none = { rows: 0, bytes: 0 };
    return Promise.resolve({
      version: "1.2.3",
      role: this.role,
      store: { engine: "memory", version: "1", at: "here", reachable: this.series.failWith === undefined },
      brokers: [{ url: "mqtt://127.0.0.1:1883", connected: true }],
      ingest: {
        received: 1,
        stored: 1,
        duplicates: 0,
        queued: 0,
        spilled: 0,
        spilledBytes: 0,
        dropped: 0,
        droppedBy: {},
      },
      sizes: { raw: none, minute: none, hour: none },
      retention: { raw: 604_800_000, minute: 7_776_000_000, hour: 157_680_000_000 },
      events: this.eventsFound.length,
    });
  }

  async importSamples(stream: string, samples: readonly Sample[]): Promise<Appended> {
    const result = await this.series.append(new Map([[stream, samples]]));
    return result.get(stream) ?? { stored: [], duplicates: 0 };
  }

  get now(): number {
    return this.#clock();
  }

  #configuration(): HistoryReads["configuration"] {
    const current = (): VersionedConfiguration => this.inForce;
    return {
      get current() {
        return current();
      },
      put: (document, ifVersion) => {
        if (ifVersion !== undefined && ifVersion !== this.inForce.version) return Promise.resolve(undefined);
        const version = this.inForce.version + 1;
        this.inForce = { version, document: { ...(document as object), version } };
        return Promise.resolve(this.inForce);
      },
    };
  }
}

export interface HistoryService {
  url: string;
  port: number;
  reads: FakeReads;
  usersFile: string;
}

export interface ServiceOptions {
  clock?: () => number;
  imports?: ImportLimits;
  rate?: { max: number; windowMs: number };
  guard?: ReadGuard;
  /** Writes the users before anybody is let in by them. */
  addUsers?: (usersFile: string) => Promise<void>;
}

/** Nobody says who may read what. */
const OPEN = new ReadGuard({
  rules: () => ({ kind: "open" }),
  onChange: () => () => undefined,
  productOf: () => undefined,
  clock: Date.now,
  log: quiet,
});

/** History served over HTTP as the historian does it, out of memory. Gone when the test is over. */
export async function historyService(options: ServiceOptions = {}): Promise<HistoryService> {
  const reads = new FakeReads(options.clock ?? Date.now);
  return { ...(await serveHistory(reads, options)), reads };
}

/** The same of any parts. */
export async function serveHistory(
  reads: HistoryReads,
  { clock = Date.now, imports = {}, rate, guard = OPEN, addUsers }: ServiceOptions = {},
): Promise<Omit<HistoryService, "reads">> {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-history-"));
  const usersFile = join(folder, "users.yaml");
  await addUsers?.(usersFile);
  const signIn = createSignIn({ usersFile, host: "127.0.0.1", log: quiet });
  const app = createHttpApp({
    log: quiet,
    hosts: {},
    routes: (router) => {
      addSessionRoutes(router, "/api/session", signIn);
      router.use(
        historyRoutes({
          signIn,
          reads,
          guard,
          log: quiet,
          version: "1.2.3",
          clock,
          imports,
          ...(rate === undefined ? {} : { rate }),
        }),
      );
    },
  });
  const listener = await listen(app, {
    host: "127.0.0.1",
    port: 0,
    variable: "HISTORIAN_PORT",
    longRequests: true,
    log: quiet,
  });
  onTestFinished(async () => {
    await listener.close();
    signIn.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { url: listener.url, port: listener.port, usersFile };
}

/** Readings at 1 Hz from `from` on. */
export function everySecond(
  from: number,
  count: number,
  value: (i: number) => number | boolean | null = (i) => i,
): Sample[] {
  return Array.from({ length: count }, (_, i) => {
    const v = value(i);
    const at = from + i * 1_000;
    const sample: Sample = { boot: 1_000, seq: i + 1, at, timestamp: at + 7, value: v, unit: "Cel" };
    return v === null ? { ...sample, quality: "bad" as const, reason: "open circuit" } : sample;
  });
}
