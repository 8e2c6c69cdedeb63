import type { HistoryEvent, HistoryGaps, HistoryReadings, HistoryStream } from "@fieldmesh/protocol";
import { addToken } from "@fieldmesh/runtime";
import { describe, expect, test, vi } from "vitest";
import { everySecond, type HistoryService, historyService } from "../testing/history-service.js";

const STREAM = "env_greenhouse_temperature";
const NOW = Date.UTC(2027, 0, 31, 12);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

async function get<T>(service: HistoryService, path: string): Promise<T> {
  const answer = await fetch(`${service.url}/api/history${path}`);
  const text = await answer.text();
  expect([path, answer.status, answer.status === 200 ? "" : text]).toEqual([path, 200, ""]);
  return JSON.parse(text) as T;
}

interface Problem {
  status: number;
  code: string;
  detail: string;
  errors?: { pointer: string; value: string; expected: string }[];
}

async function refused(service: HistoryService, path: string): Promise<Problem> {
  const answer = await fetch(`${service.url}/api/history${path}`);
  expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  const problem = (await answer.json()) as Problem;
  expect(problem.status).toBe(answer.status);
  return problem;
}

async function served(samples = everySecond(NOW - HOUR_MS, 3_600)): Promise<HistoryService> {
  const service = await historyService({ clock: () => NOW });
  await service.reads.add(STREAM, samples);
  return service;
}

describe("streams", () => {
  test("are listed by name, a page at a time, by domain, node and words", async () => {
    const service = await historyService({ clock: () => NOW });
    for (const name of ["env_b_light", "env_a_temperature", "lab_a_humidity"]) {
      await service.reads.add(name, everySecond(NOW - 5_000, 5));
    }
    const names = async (query: string): Promise<string[]> =>
      (await get<HistoryStream[]>(service, `/streams${query}`)).map(({ stream }) => stream);
    expect(await names("")).toEqual(["env_a_temperature", "env_b_light", "lab_a_humidity"]);
    expect(await names("?domain=env&node=b")).toEqual(["env_b_light"]);
    expect(await names("?q=A%20TEMP")).toEqual(["env_a_temperature"]);
    const page = await fetch(`${service.url}/api/history/streams?limit=2&domain=env&limit=1`);
    expect(page.status).toBe(422);
    const first = await fetch(`${service.url}/api/history/streams?limit=2`);
    expect(first.headers.get("link")).toBe('</api/history/streams?limit=2&after=env_b_light>; rel="next"');
    expect(await names("?limit=2&after=env_b_light")).toEqual(["lab_a_humidity"]);
  });

  test("tell what they are, and their newest reading", async () => {
    const service = await served();
    expect(await get(service, `/streams/${STREAM}`)).toMatchObject({ stream: STREAM, readings: 3_600 });
    expect(await get(service, `/streams/${STREAM}/latest`)).toEqual({
      stream: STREAM,
      at: NOW - 1_000,
      timestamp: NOW - 993,
      value: 3_599,
      unit: "Cel",
      boot: 1_000,
      seq: 3_600,
    });
  });
});

describe("readings", () => {
  test("of a short range are all there, raw; bad ones break the line", async () => {
    const service = await served(everySecond(NOW - 60_000, 60, (i) => (i === 30 ? null : i)));
    const found = await get<HistoryReadings>(service, `/streams/${STREAM}/readings?last=1m`);
    expect(found).toMatchObject({ level: "raw", stepMs: 0, rows: 60, thinned: false, bad: 1, unit: "Cel" });
    expect(found.v[30]).toBeNull();
    expect(found.v[31]).toBe(31);
    expect(found.t[0]).toBe(NOW - 60_000);
    expect(found.min).toBeUndefined();
  });

  test("that are too many are thinned out, and no spike is lost", async () => {
    const service = await served(everySecond(NOW - HOUR_MS, 3_600, (i) => (i === 1_234 ? 99 : i % 10)));
    const query = `/streams/${STREAM}/readings?last=1h&points=100`;
    const found = await get<HistoryReadings>(service, query);
    expect(found).toMatchObject({ level: "raw", rows: 3_600, thinned: true });
    expect(found.t.length).toBeLessThanOrEqual(100);
    expect(found.v).toContain(99);
    const shape = await get<HistoryReadings>(service, `${query}&mode=lttb`);
    expect(shape.t.length).toBeLessThanOrEqual(100);
    const all = await get<HistoryReadings>(service, `/streams/${STREAM}/readings?last=1h&mode=all`);
    expect(all.t.length).toBe(3_600);
  });

  test("of a long range are rollups with their band, the present included", async () => {
    const service = await served(everySecond(NOW - 4 * DAY_MS, 4 * 86_400, (i) => i % 60));
    const path = `/streams/${STREAM}/readings?last=4d`;
    const found = await get<HistoryReadings>(service, path);
    expect(found).toMatchObject({ level: "minute", rows: 5_760, thinned: true, bad: 0 });
    expect(found.t.length).toBeLessThanOrEqual(1_000);
    expect(found.stepMs).toBe(6 * 60_000);
    expect(found.min?.every((v) => v === 0)).toBe(true);
    expect(found.max?.every((v) => v === 59)).toBe(true);
    const every = await get<HistoryReadings>(service, `${path}&level=minute&mode=all`);
    expect(every).toMatchObject({ stepMs: 60_000, thinned: false });
    expect(every.t.at(-1)).toBe(NOW - 30_000);
    expect(every.v[0]).toBeCloseTo(29.5);
    const shape = await get<HistoryReadings>(service, `${path}&mode=lttb&points=50`);
    expect(shape).toMatchObject({ level: "hour", rows: 96 });
    expect(shape.t.length).toBe(50);
    expect(shape.max?.length).toBe(50);
    const one = await get<HistoryReadings>(service, `${path}&level=minute&points=1`);
    expect(one).toMatchObject({ min: [0], max: [59], stepMs: 4 * DAY_MS });
    // A row that is not rolled up yet is made of what is there.
    const young = await historyService({ clock: () => NOW });
    await young.reads.add(STREAM, everySecond(NOW - 90_000, 90));
    const rows = await get<HistoryReadings>(young, `/streams/${STREAM}/readings?last=2h&level=hour`);
    expect(rows).toMatchObject({ rows: 1, v: [44.5], min: [0], max: [89] });
  });

  test("from before raw ones are kept are rollups, and from after it raw", async () => {
    const service = await served(everySecond(NOW - 3 * HOUR_MS, 3 * 3_600));
    service.reads.series.prunedBefore = NOW - HOUR_MS;
    const path = `/streams/${STREAM}/readings`;
    expect((await get<HistoryReadings>(service, `${path}?last=3h`)).level).toBe("minute");
    expect((await get<HistoryReadings>(service, `${path}?last=1h`)).level).toBe("raw");
    // The range begins before there was anything.
    service.reads.series.prunedBefore = 0;
    expect((await get<HistoryReadings>(service, `${path}?last=12h`)).level).toBe("raw");
  });

  test("are asked for in ms and ISO 8601 alike", async () => {
    const service = await served();
    const from = NOW - 10_000;
    const times = [String(from), new Date(from).toISOString(), "2027-01-31T12:59:50%2B01:00"];
    for (const time of times) {
      const found = await get<HistoryReadings>(service, `/streams/${STREAM}/readings?from=${time}&to=${NOW}`);
      expect([time, found.t.length, found.from]).toEqual([time, 10, from]);
    }
    const until = await get<HistoryReadings>(service, `/streams/${STREAM}/readings?to=${from}`);
    expect(until).toMatchObject({ from: from - HOUR_MS, to: from });
  });
});

describe("events, gaps and quality", () => {
  const event = (seq: number): HistoryEvent => ({
    id: `${STREAM}/too-hot/1000/${seq}`,
    domain: "env",
    stream: STREAM,
    at: NOW - seq,
    arrivedAt: NOW,
    event: {
      node: "greenhouse",
      sensor: "temperature",
      rule: "too-hot",
      state: "raised",
      severity: "warning",
      value: 31,
      unit: "Cel",
      timestamp: NOW - seq,
      since: NOW - seq,
      boot: 1_000,
      seq,
      message: "temperature above 30 °C",
    },
  });

  test("events are paged, and their filters are passed on", async () => {
    const service = await served();
    service.reads.eventsFound = [1, 2, 3].map(event);
    const first = await fetch(`${service.url}/api/history/events?severity=warning&limit=2&last=1d`);
    const link = /<(.*)>; rel="next"/.exec(first.headers.get("link") ?? "")?.[1];
    expect(((await first.json()) as HistoryEvent[]).map(({ event: { seq } }) => seq)).toEqual([1, 2]);
    const second = await fetch(`${service.url}${link}`);
    expect(((await second.json()) as HistoryEvent[]).map(({ event: { seq } }) => seq)).toEqual([3]);
    expect(second.headers.get("link")).toBeNull();
    expect(service.reads.eventQueries[1]).toEqual({
      severity: "warning",
      from: NOW - DAY_MS,
      to: NOW,
      after: "2",
      limit: 2,
    });
  });

  test("gaps come with the account, quality of one stream and of all", async () => {
    const service = await served();
    const gaps = await get<HistoryGaps>(service, `/streams/${STREAM}/gaps`);
    expect(gaps).toMatchObject({
      stream: STREAM,
      next: "more",
      entries: [{ explanation: "late", count: 5 }],
    });
    const [account] = gaps.account;
    expect(account).toMatchObject({ lastSeq: 10, stored: 10 });
    const one = await get(service, `/streams/${STREAM}/quality`);
    expect(one).toMatchObject({ measuredAt: NOW, reports: [{ stream: STREAM, freshness: { fresh: true } }] });
    expect(await get(service, "/quality?q=greenhouse")).toEqual(one);
    expect(await get(service, "/quality?q=nowhere")).toMatchObject({ reports: [] });
  });
});

describe("conditional requests", () => {
  test("who has it gets 304, until it changes; nobody else may keep it", async () => {
    const service = await served();
    const url = `${service.url}/api/history/streams/${STREAM}/readings?from=${NOW - 60_000}&to=${NOW}`;
    const first = await fetch(url);
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    expect(first.headers.get("cache-control")).toBe("private, no-cache");
    const again = await fetch(url, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    await service.reads.add(STREAM, [
      { boot: 2_000, seq: 1, at: NOW - 500, timestamp: NOW, value: 1, unit: "Cel" },
    ]);
    expect((await fetch(url, { headers: { "if-none-match": etag } })).status).toBe(200);
  });

  test("the configuration is replaced only where the version is still the one that was read", async () => {
    const service = await served();
    const url = `${service.url}/api/history/configuration`;
    const put = (ifMatch: string | undefined, body: unknown): Promise<Response> =>
      fetch(url, {
        method: "PUT",
        headers: {
          "content-type": "application/json",
          ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
        },
        body: JSON.stringify(body),
      });
    const read = await fetch(url);
    expect(await read.json()).toEqual({ version: 1, streams: {} });
    const etag = read.headers.get("etag") ?? "";
    expect(etag).toBe('"1"');
    expect((await put(undefined, {})).status).toBe(428);
    const replaced = await put(etag, { streams: { "env_*": {} } });
    expect([replaced.status, replaced.headers.get("etag")]).toEqual([200, '"2"']);
    expect(await replaced.json()).toEqual({ version: 2, streams: { "env_*": {} } });
    const stale = await put(etag, {});
    expect([stale.status, stale.headers.get("etag")]).toEqual([412, '"2"']);
    expect(((await stale.json()) as Problem).code).toBe("changed_meanwhile");
    expect((await put('W/"2"', {})).status).toBe(412);
    expect((await put("*", {})).status).toBe(200);
    expect((await put('"3"', [1])).status).toBe(422);
    const text = await fetch(url, { method: "PUT", headers: { "if-match": '"3"' }, body: "x" });
    expect(text.status).toBe(415);
  });
});

describe("what is not right", () => {
  const cases: [string, number, string, string, string][] = [
    ["/streams/env_no_such/latest", 404, "stream_unknown", "", ""],
    ["/streams/..%2f..%2fetc/latest", 404, "stream_unknown", "", ""],
    [`/streams/${STREAM}/readings?points=0`, 422, "invalid", "/points", "1 to 10000"],
    [`/streams/${STREAM}/readings?points=1e3`, 422, "invalid", "/points", "whole number"],
    [`/streams/${STREAM}/readings?mode=median`, 422, "invalid", "/mode", "minmax, lttb, all"],
    [`/streams/${STREAM}/readings?level=day`, 422, "invalid", "/level", "auto, raw, minute, hour"],
    [`/streams/${STREAM}/readings?from=yesterday`, 422, "invalid", "/from", "ISO 8601 with a zone"],
    [`/streams/${STREAM}/readings?from=2027-02-30`, 422, "invalid", "/from", "ISO 8601"],
    [`/streams/${STREAM}/readings?from=2027-01-31T12:00:00`, 422, "invalid", "/from", "zone"],
    [`/streams/${STREAM}/readings?from=${NOW}&to=${NOW}`, 422, "invalid", "/from", "before to"],
    [`/streams/${STREAM}/readings?from=${NOW - 1}&last=1h`, 422, "invalid", "/last", "beside"],
    [`/streams/${STREAM}/readings?last=0h`, 422, "invalid", "/last", "as 90m"],
    [`/streams/${STREAM}/readings?point=5`, 422, "invalid", "/point", 'did you mean "points"'],
    [`/streams/${STREAM}/readings?last=1h&last=2h`, 422, "invalid", "/last", "once"],
    [`/streams/${STREAM}/readings?times=ms`, 422, "invalid", "/times", "format=csv"],
    [`/streams/${STREAM}/readings?format=csv&points=5`, 422, "invalid", "/points", "every reading"],
    [`/streams/${STREAM}/readings?__proto__=1`, 422, "invalid", "/__proto__", "one of the parameters"],
    ["/streams?limit=1001", 422, "invalid", "/limit", "1 to 1000"],
    ["/events?state=burning", 422, "invalid", "/state", "raised, cleared"],
    ["/events?stream=x", 422, "invalid", "/stream", "env_greenhouse_temperature"],
    ["/status?verbose=1", 422, "invalid", "/verbose", "no parameter"],
    ["/nothing", 404, "not_found", "", ""],
  ];

  test("is named: parameter, value and what was expected", async () => {
    const service = await served();
    for (const [path, status, code, pointer, expected] of cases) {
      const problem = await refused(service, path);
      expect([path, problem.status, problem.code]).toEqual([path, status, code]);
      if (pointer === "") continue;
      expect([path, problem.errors?.[0]?.pointer]).toEqual([path, pointer]);
      expect(problem.errors?.[0]?.expected).toContain(expected);
      expect(problem.detail).toContain(pointer.slice(1));
    }
    const two = await refused(service, `/streams/${STREAM}/readings?points=x&mode=y`);
    expect(two.errors?.map(({ pointer, value }) => [pointer, value])).toEqual([
      ["/points", "x"],
      ["/mode", "y"],
    ]);
    const huge = await refused(service, `/streams?q=${"x".repeat(5_000)}`);
    expect(huge.errors?.[0]?.value.length).toBeLessThan(200);
  });

  test("a range that is longer than time itself is cut, and one that holds too much is refused", async () => {
    const service = await served();
    const all = await fetch(`${service.url}/api/history/streams/${STREAM}/readings?last=999999y&format=csv`);
    expect(all.headers.get("content-disposition")).toContain("_19700101T000000Z_");
    expect((await all.text()).split("\r\n").length).toBe(3_602);
    const old = everySecond(NOW - 500 * DAY_MS, 60).map((sample) => ({ ...sample, boot: 900 }));
    await service.reads.add(STREAM, old);
    const minutes = await refused(service, `/streams/${STREAM}/readings?last=2y&level=minute`);
    expect(minutes).toMatchObject({ status: 422, code: "too_many_readings" });
    expect(minutes.detail).toContain("level=hour");
  });

  test("other methods are refused by name, and unknown types of answer", async () => {
    const service = await served();
    const posted = await fetch(`${service.url}/api/history/streams`, { method: "POST" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    const image = await fetch(`${service.url}/api/history/streams/${STREAM}/readings`, {
      headers: { accept: "image/png" },
    });
    expect(image.status).toBe(406);
  });

  test("a store that is away is 503 with Retry-After, also when it does not answer at all", async () => {
    const service = await served();
    const { series } = service.reads;
    series.failWith = Object.assign(new Error("no route to mongodb://secret@host"), { code: "store_away" });
    for (const path of [
      `/streams/${STREAM}/latest`,
      `/streams/${STREAM}/readings`,
      `/streams/${STREAM}/readings?format=csv`,
    ]) {
      const answer = await fetch(`${service.url}/api/history${path}`);
      expect([path, answer.status, answer.headers.get("retry-after")]).toEqual([path, 503, "5"]);
      expect(await answer.text()).not.toContain("secret");
    }
    expect((await fetch(`${service.url}/api/history/status`)).status).toBe(200);
    series.failWith = undefined;
    let open: () => void = () => {};
    series.gate = new Promise((proceed) => {
      open = proceed;
    });
    const begun = performance.now();
    const slow = await refused(service, `/streams/${STREAM}/latest`);
    expect(slow).toMatchObject({ status: 503, code: "store_slow" });
    expect(performance.now() - begun).toBeLessThan(6_000);
    open();
    series.gate = undefined;
    await get(service, `/streams/${STREAM}/latest`);
  });

  test("who asks too often waits, and others do not", async () => {
    const service = await historyService({ clock: () => NOW, rate: { max: 10, windowMs: 600_000 } });
    const token = await addToken(service.usersFile, { name: "grafana", role: "viewer" });
    const headers = { authorization: `Bearer ${token}` };
    const ask = (): Promise<Response> => fetch(`${service.url}/api/history/status`, { headers });
    await vi.waitFor(async () => expect((await ask()).status).toBe(200)); // users are read again after a while
    for (let i = 0; i < 9; i++) expect((await ask()).status).toBe(200);
    const refusal = await ask();
    expect(refusal.status).toBe(429);
    expect(Number(refusal.headers.get("retry-after"))).toBeGreaterThan(500);
    expect((await fetch(`${service.url}/api/history/status`)).status).toBe(200);
  });
});
