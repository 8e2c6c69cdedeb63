import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HistoryReadings, ImportProgress } from "@fieldmesh/protocol";
import { lockFolder } from "@fieldmesh/runtime";
import { openSeries, type Sample, type Series } from "@fieldmesh/storage";
import { describe, expect, onTestFinished, test } from "vitest";
import { RollUp } from "../rollup/roll-up.js";
import { everySecond, FakeReads, serveHistory } from "../testing/history-service.js";
import { quiet } from "../testing/quiet.js";
import type { HistoryReads } from "./reads.js";

const STREAM = "env_greenhouse_temperature";
const NOW = Date.UTC(2027, 0, 31, 12);
const DAY_MS = 86_400_000;

/** History out of an embedded store, its rollups made at once. */
async function stored(samples: readonly Sample[]): Promise<{ url: string; series: Series }> {
  const path = await mkdtemp(join(tmpdir(), "fieldmesh-history-"));
  const series = await openSeries({
    address: { kind: "folder", path },
    service: "historian",
    hold: lockFolder,
    log: quiet,
  });
  onTestFinished(async () => {
    await series.close();
    await rm(path, { recursive: true, force: true });
  });
  const append = async (some: readonly Sample[]) => {
    const result = (await series.append(new Map([[STREAM, some]]))).get(STREAM);
    for (const level of ["minute", "hour"] as const) {
      const rollUp = new RollUp(level);
      for (const sample of some) rollUp.sample(sample);
      await series.putRollups(level, new Map([[STREAM, rollUp.rows()]]));
    }
    return result ?? { stored: [], duplicates: 0 };
  };
  await append(samples);
  const rest = new FakeReads(() => NOW);
  const infos = async () =>
    (await series.streams()).map(({ stream, readings, from, to, bytes }) => ({
      stream,
      domain: "env",
      node: "greenhouse",
      sensor: "temperature",
      unit: "Cel",
      valueType: "number" as const,
      readings,
      from,
      to,
      bytes,
    }));
  const reads: HistoryReads = {
    series,
    streams: infos,
    stream: async (name) => (await infos()).find(({ stream }) => stream === name),
    events: rest.events,
    losses: rest.losses,
    quality: rest.quality,
    configuration: rest.configuration,
    status: () => rest.status(),
    importSamples: (_stream, some) => append(some),
  };
  const { url } = await serveHistory(reads, { clock: () => NOW });
  return { url: `${url}/api/history/streams/${STREAM}`, series };
}

async function readings(url: string, query: string): Promise<HistoryReadings> {
  const answer = await fetch(`${url}/readings?${query}`);
  expect([query, answer.status]).toEqual([query, 200]);
  return (await answer.json()) as HistoryReadings;
}

describe("history out of an embedded store", () => {
  test("draws a day at 1 Hz with its spike, and exports and imports it whole", {
    timeout: 60_000,
  }, async () => {
    const samples = everySecond(NOW - DAY_MS, 86_400, (i) =>
      i === 70_000 ? 90 : i % 1_000 === 999 ? null : 20 + Math.round(100 * Math.sin(i / 5_000)) / 10,
    );
    const { url } = await stored(samples);
    const day = await readings(url, "last=1d&points=1000");
    expect(day).toMatchObject({ level: "raw", rows: 86_400, thinned: true, bad: 86 });
    expect(day.t.length).toBeLessThanOrEqual(1_000);
    expect(day.v).toContain(90);
    expect(day.v).toContain(null);

    const csv = await (await fetch(`${url}/readings?last=6h&format=csv`)).text();
    expect(csv.split("\r\n").length).toBe(21_602);
    const other = await stored([]);
    const imported = await fetch(`${other.url}/import`, {
      method: "POST",
      headers: { "content-type": "text/csv" },
      body: csv,
    });
    const lines = (await imported.text()).trim().split("\n");
    expect(lines.length).toBe(5);
    expect(JSON.parse(lines.at(-1) ?? "") as ImportProgress).toMatchObject({
      rows: 21_600,
      stored: 21_600,
      done: true,
    });
    expect(await (await fetch(`${other.url}/readings?last=6h&format=csv`)).text()).toBe(csv);
    const [before, after] = [await readings(url, "last=6h"), await readings(other.url, "last=6h")];
    expect([after.t, after.v]).toEqual([before.t, before.v]);
  });

  test("goes over to rollups where raw readings are pruned away", { timeout: 60_000 }, async () => {
    const { url, series } = await stored(everySecond(NOW - 3 * DAY_MS, 3 * 86_400, (i) => i % 60));
    await series.prune("raw", NOW - DAY_MS);
    const all = await readings(url, "last=3d");
    expect(all).toMatchObject({ level: "minute", rows: 4_320, bad: 0 });
    expect(all.min?.every((v) => v === 0)).toBe(true);
    expect(all.max?.every((v) => v === 59)).toBe(true);
    expect((await readings(url, "last=12h")).level).toBe("raw");
    // "Everything" is no longer than what there is.
    expect(await readings(url, "from=0")).toMatchObject({ level: "minute", rows: 4_320 });
    expect((await readings(url, "from=0&level=minute&mode=all")).t).toEqual(
      (await readings(url, "last=3d&level=minute&mode=all")).t,
    );
    await series.prune("minute", NOW - DAY_MS);
    expect((await readings(url, "last=3d")).level).toBe("hour");
    expect((await readings(url, "last=3d&level=hour&mode=all")).t.length).toBe(72);
  });
});

test("a MongoDB server that is away is 503 within 5 s, to a chart, a file and an import alike", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const address = closed.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  closed.close();
  const series = await openSeries({
    address: { kind: "mongodb", url: `mongodb://127.0.0.1:${port}/fieldmesh` },
    service: "historian",
    log: quiet,
  });
  onTestFinished(() => series.close());
  const rest = new FakeReads(() => NOW);
  await rest.add(STREAM, everySecond(NOW - 5_000, 5));
  const reads: HistoryReads = {
    series,
    streams: () => rest.streams(),
    stream: (name) => rest.stream(name),
    events: rest.events,
    losses: rest.losses,
    quality: rest.quality,
    configuration: rest.configuration,
    status: () => rest.status(),
    importSamples: async (stream, samples) =>
      (await series.append(new Map([[stream, samples]]))).get(stream) ?? { stored: [], duplicates: 0 },
  };
  const { url } = await serveHistory(reads, { clock: () => NOW });
  const upload: RequestInit = {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: "time,value\n1,2\n",
  };
  const asked: [string, RequestInit][] = [
    ["/latest", {}],
    ["/readings?last=1h", {}],
    ["/readings?last=1h&format=csv", {}],
    ["/import", upload],
  ];
  const begun = performance.now();
  const answers = await Promise.all(
    asked.map(([path, init]) => fetch(`${url}/api/history/streams/${STREAM}${path}`, init)),
  );
  expect(performance.now() - begun).toBeLessThan(6_000); // 5 s, and a slow machine
  for (const answer of answers) {
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await answer.json()).toMatchObject({ code: "store_away" });
  }
});
