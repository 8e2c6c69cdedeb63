import type { HistoryEvent, HistoryQuality, HistoryStream } from "@fieldmesh/protocol";
import { addToken } from "@fieldmesh/runtime";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AccessEvent } from "../access/access-reporter.js";
import { type AccessRules, rulesOf } from "../access/access-rules.js";
import { ReadGuard } from "../access/read-guard.js";
import type { StreamReaders } from "../configuration/schema.js";
import { everySecond, type HistoryService, historyService } from "../testing/history-service.js";
import { quiet } from "../testing/quiet.js";

const NOW = Date.UTC(2027, 0, 31, 12);
const OPEN = "env_desk_humidity";
const RESTRICTED = "env_desk_temperature";
const PRIVATE = "env_desk_presence";

/** Rules that a test changes, as the registry does. */
class Rules {
  rules: AccessRules = { kind: "open" };
  readonly listeners = new Set<() => void>();
  readonly recorded: AccessEvent[] = [];
  now = NOW;
  readonly guard = new ReadGuard({
    rules: () => this.rules,
    onChange: (listener) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
    productOf: (stream) => (stream === OPEN ? "air" : undefined),
    record: (event) => this.recorded.push(event),
    clock: () => this.now,
    log: quiet,
  });

  grant(consumers: StreamReaders["consumers"]): void {
    const of = (product: string, visibility: string): StreamReaders => ({
      product,
      version: "1.2.0",
      status: "active",
      visibility,
      consumers,
      roles: [],
      domains: [],
    });
    this.set(
      rulesOf({ streams: { [RESTRICTED]: of("climate", "restricted"), [PRIVATE]: of("people", "private") } }),
    );
  }

  set(rules: AccessRules): void {
    this.rules = rules;
    for (const listener of this.listeners) listener();
  }
}

const rules = new Rules();
const tokens: Record<string, string> = {};
let service: HistoryService;

/** Three streams, and somebody of each role. */
async function serve(): Promise<void> {
  const addUsers = async (usersFile: string): Promise<void> => {
    for (const role of ["viewer", "operator", "admin"] as const) {
      tokens[role] = await addToken(usersFile, { name: role, role });
    }
  };
  service = await historyService({ clock: () => rules.now, guard: rules.guard, addUsers });
  for (const stream of [OPEN, RESTRICTED, PRIVATE]) {
    await service.reads.add(stream, everySecond(NOW - 60_000, 60));
  }
}

beforeEach(async () => {
  rules.recorded.length = 0;
  rules.now = NOW;
  await serve();
});

type Init = Omit<RequestInit, "headers"> & { headers?: Record<string, string> };

function ask(path: string, who = "viewer", init: Init = {}): Promise<Response> {
  const headers = { ...init.headers, Authorization: `Bearer ${tokens[who]}` };
  return fetch(`${service.url}/api/history${path}`, { ...init, headers });
}

async function json<T>(path: string, who?: string): Promise<T> {
  const answer = await ask(path, who);
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as T;
}

/** Of a refusal, without the name that was asked for. */
async function shape(path: string): Promise<object> {
  const answer = await ask(path);
  const { requestId: _id, detail, ...rest } = (await answer.json()) as { requestId: string; detail: string };
  return { ...rest, detail: detail.replace(/"[^"]*"/, '"…"'), type: answer.headers.get("content-type") };
}

const DATA = ["/latest", "/readings", "/readings?format=csv", "/readings?format=ndjson&last=1d", "/gaps"];

describe("a stream that was not granted", () => {
  test("is refused on every route to its data, with its product and what to do; and administrators read it", async () => {
    rules.grant({ bob: null });
    const paths = [...DATA.map((path) => `/streams/${RESTRICTED}${path}`), `/events?stream=${RESTRICTED}`];
    for (const path of paths) {
      const answer = await ask(path);
      expect([path, answer.status, await answer.json()]).toMatchObject([
        path,
        403,
        {
          code: "not_granted",
          product: "climate",
          productVersion: "1.2.0",
          detail: expect.stringMatching(
            /"climate" 1\.2\.0.*restricted.*POST \/products\/climate\/subscriptions/,
          ),
        },
      ]);
      expect((await ask(path, "admin")).status).toBe(200);
    }
    expect(rules.recorded.filter(({ allowed }) => !allowed)).toHaveLength(paths.length);
    expect(rules.recorded[0]).toMatchObject({
      who: "viewer",
      what: "read",
      product: "climate",
      allowed: false,
    });
  });

  test("of a private product is answered as one that is not there, and the refusal is recorded", async () => {
    const nothing = await shape("/streams/env_desk_nothing/latest");
    for (const path of DATA) {
      const hidden = await shape(`/streams/${PRIVATE}${path}`);
      expect([path, hidden]).toEqual([path, nothing]);
    }
    expect(await (await ask(`/events?stream=${PRIVATE}`)).json()).toEqual([]);
    expect(rules.recorded).toHaveLength(DATA.length + 1);
    expect(rules.recorded[0]).toMatchObject({ who: "viewer", product: "people", allowed: false });
    expect((await ask(`/streams/${PRIVATE}/latest`, "admin")).status).toBe(200);
  });

  test("takes no import of who may not read it", async () => {
    rules.grant({});
    const csv = {
      method: "POST",
      headers: { "Content-Type": "text/csv" },
      body: "time,value\n2026-11-20T10:00:00Z,1\n",
    };
    expect((await ask(`/streams/${RESTRICTED}/import`, "operator", csv)).status).toBe(403);
    rules.grant({ operator: null });
    expect((await ask(`/streams/${RESTRICTED}/import`, "operator", csv)).status).toBe(200);
  });

  test("is read when it is granted, until its time, by this clock", async () => {
    rules.grant({ viewer: NOW + 1_000 });
    for (const path of DATA) expect((await ask(`/streams/${RESTRICTED}${path}`)).status).toBe(200);
    rules.now = NOW + 1_000;
    for (const path of DATA) expect((await ask(`/streams/${RESTRICTED}${path}`)).status).toBe(403);
  });

  test("is listed with why not, a private one not at all; how good one is may be seen before it is asked for", async () => {
    rules.grant({});
    const streams = await json<HistoryStream[]>("/streams");
    expect(streams.map(({ stream, refused }) => [stream, refused?.product, refused?.version])).toEqual([
      [OPEN, undefined, undefined],
      [RESTRICTED, "climate", "1.2.0"],
    ]);
    expect(await json(`/streams/${RESTRICTED}`)).toMatchObject({ refused: { product: "climate" } });
    expect((await ask(`/streams/${PRIVATE}`)).status).toBe(404);
    const { reports } = await json<HistoryQuality>("/quality");
    expect(reports.map(({ stream }) => stream)).toEqual([OPEN, RESTRICTED]);
    expect((await ask(`/streams/${PRIVATE}/quality`)).status).toBe(404);
    expect(await json<HistoryStream[]>("/streams", "admin")).toHaveLength(3);
  });

  test("is left out of the configuration where it is private, as is who reads what", async () => {
    rules.grant({});
    const streams = { "env_*": {}, [RESTRICTED]: { product: "climate" }, [PRIVATE]: { product: "people" } };
    const document = { version: 7, streams, access: { streams: {} } };
    service.reads.inForce = { version: 7, document };
    const { [PRIVATE]: _, ...shown } = streams;
    const path = "/configuration";
    expect(await json(path)).toEqual({ version: 7, streams: shown });
    expect(await json(path, "operator")).toEqual({ version: 7, streams: shown });
    expect(await json(path, "admin")).toEqual(document);
    rules.grant({ viewer: null });
    expect(await json(path)).toEqual({ version: 7, streams });
  });

  test("has its alarms left out of those of all", async () => {
    rules.grant({});
    service.reads.eventsFound = [OPEN, RESTRICTED, PRIVATE].map(
      (stream, index) => ({ id: String(index), stream }) as unknown as HistoryEvent,
    );
    const found = async (who: string): Promise<string[]> =>
      (await json<HistoryEvent[]>("/events", who)).map(({ stream }) => stream);
    expect(await found("viewer")).toEqual([OPEN]);
    expect(await found("admin")).toEqual([OPEN, RESTRICTED, PRIVATE]);
  });

  test("is told to the registry also when it was read", async () => {
    rules.grant({});
    await json(`/streams/${OPEN}/latest`);
    expect(rules.recorded).toEqual([
      { who: "viewer", what: "read", product: "air", allowed: true, reason: `read of ${OPEN}` },
    ]);
  });
});

describe("a file that is on its way", () => {
  async function exporting(): Promise<{ ended: Promise<unknown>; go: () => void }> {
    await service.reads.add(RESTRICTED, everySecond(NOW - 10_000_000, 5_000));
    let go: () => void = () => undefined;
    service.reads.series.stall = new Promise((resolve) => {
      go = resolve;
    });
    const answer = await ask(`/streams/${RESTRICTED}/readings?format=csv&last=1d`);
    expect(answer.status).toBe(200);
    return { ended: answer.text().catch((error: unknown) => error), go };
  }

  test("ends where it is when it is taken back", async () => {
    rules.grant({ viewer: null });
    const { ended, go } = await exporting();
    rules.grant({ viewer: null, bob: null });
    rules.grant({ bob: null });
    expect(await ended).toBeInstanceOf(Error);
    go();
    expect(rules.recorded.at(-1)).toMatchObject({ what: "export", allowed: false });
    await vi.waitFor(() => expect(rules.listeners.size).toBe(0));
  });

  test("ends where it is when its time is over", async () => {
    rules.grant({ viewer: NOW + 50 });
    const { ended, go } = await exporting();
    rules.now = NOW + 50;
    expect(await ended).toBeInstanceOf(Error);
    go();
  });

  test("comes whole otherwise", async () => {
    rules.grant({ viewer: null });
    const { ended, go } = await exporting();
    go();
    expect(
      String(await ended)
        .trim()
        .split("\n"),
    ).toHaveLength(1 + 5_000); // the last minute is among them
  });
});

describe("while nobody knows who may read what", () => {
  test("only administrators read, and who asks is told why", async () => {
    rules.set({ kind: "unknown" });
    for (const path of ["/streams", "/quality", "/events", `/streams/${OPEN}/latest`]) {
      const answer = await ask(path);
      expect([answer.status, await answer.json()]).toMatchObject([403, { code: "access_unknown" }]);
      expect((await ask(path, "admin")).status).toBe(200);
    }
  });
});
