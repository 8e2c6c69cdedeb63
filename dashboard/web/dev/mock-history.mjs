// The historian's side of the mock: `/api/history/*` as protocol/src/history-api.ts has it. Nothing is stored:
// every reading is a function of its time, the same one that the live window is made with.

import { reportOf } from "./mock-quality.mjs";

const DAY_MS = 86_400_000;
const RETENTION = { raw: 7 * DAY_MS, minute: 90 * DAY_MS, hour: 5 * 366 * DAY_MS };
const MOST_RAW = 250_000; // rows that are made for one request
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const PAGE = 100; // rows of a list, where nobody says how many
const SAMPLES_PER_ROW = 12;
/** When the mock's streams began. */
const BEGAN_BEFORE_MS = 500 * DAY_MS;

export class MockHistory {
  /** `world` knows the streams; `outagesOf(stream)` are the gaps with times relative to its start. */
  constructor(world) {
    this.world = world;
    this.away = false;
    this.requests = [];
  }

  /** Answers `{status, type, body}`, or undefined for an address that it does not know. */
  answer(method, url) {
    const { pathname, searchParams: query } = url;
    if (!pathname.startsWith("/api/history/")) return undefined;
    if (this.away) return problem(503, "historian_away", "The historian cannot be reached.");
    this.requests.push(pathname + url.search);
    if (method !== "GET") return undefined;
    if (pathname === "/api/history/streams")
      return json(
        [...this.world.streams.values()]
          .map((stream) => this.known(stream))
          .filter(({ domain, node }) => domain === query.get("domain") && node === query.get("node")),
      );
    const ofStream = /^\/api\/history\/streams\/([^/]+)\/(readings|gaps|quality)$/.exec(pathname);
    if (ofStream !== null) {
      const stream = this.world.streams.get(decodeURIComponent(ofStream[1]));
      if (stream === undefined) return problem(404, "no_stream", `No stream ${ofStream[1]}.`);
      if (ofStream[2] === "gaps") return json(this.gaps(stream, rangeOf(query), query));
      if (ofStream[2] === "quality") return json({ measuredAt: Date.now(), reports: [this.report(stream)] });
      if (query.get("format") === "csv") return csv(this.rows(stream, rangeOf(query)));
      return json(this.readings(stream, rangeOf(query), Number(query.get("points") ?? 1000)));
    }
    if (pathname === "/api/history/quality") {
      const { rows, next } = page(this.measured(), query, ({ name }) => name);
      const reports = rows.map((stream) => this.report(stream));
      return json({ measuredAt: Date.now(), reports, ...(next === undefined ? {} : { next }) }, url, next);
    }
    if (pathname === "/api/history/events") {
      const { rows, next } = page(this.events(query), query, ({ id }) => id);
      return json(rows, url, next);
    }
    return undefined;
  }

  known(stream) {
    const { name, sensor } = stream;
    const [domain, node, id] = name.split("_");
    const from = this.world.gridAfter(stream, Date.now() - RETENTION.raw);
    const to = this.world.endOf(stream);
    return {
      stream: name,
      domain,
      node,
      sensor: id,
      unit: sensor.unit,
      valueType: sensor.valueType ?? "number",
      readings: Math.floor((to - from) / sensor.intervalMs),
      from,
      to,
      bytes: 0,
    };
  }

  /** Every raw reading of a range. */
  rows(stream, { from, to }) {
    const rows = [];
    const end = Math.min(to, this.world.endOf(stream));
    const begin = Math.max(from, Date.now() - RETENTION.raw, this.world.start - BEGAN_BEFORE_MS);
    for (let t = this.world.gridAfter(stream, begin); t < end; t += stream.sensor.intervalMs) {
      const reading = this.world.readingAt(stream, t);
      if (reading !== undefined) rows.push(reading);
    }
    return rows;
  }

  readings(stream, range, points) {
    const count = (range.to - range.from) / stream.sensor.intervalMs;
    const oldest = Date.now() - range.from;
    if (count <= MOST_RAW && oldest <= RETENTION.raw) return this.raw(stream, range, points);
    const minutes = (range.to - range.from) / MINUTE_MS;
    return minutes <= 20_000 && oldest <= RETENTION.minute
      ? this.rollup(stream, range, "minute", MINUTE_MS, points)
      : this.rollup(stream, range, "hour", HOUR_MS, points);
  }

  raw(stream, range, points) {
    const rows = this.rows(stream, range);
    const thinned = rows.length > points;
    const kept = thinned ? minmax(rows, range, points) : rows;
    return {
      ...this.head(stream, range, "raw", 0),
      rows: rows.length,
      thinned,
      t: kept.map(({ t }) => t),
      v: kept.map(({ v }) => v),
      bad: rows.filter(({ v }) => v === null).length,
    };
  }

  rollup(stream, range, level, stepMs, points) {
    let step = stepMs;
    while ((range.to - range.from) / step > points) step *= 2;
    const answer = {
      ...this.head(stream, range, level, step),
      rows: 0,
      thinned: step > stepMs,
      t: [],
      v: [],
      min: [],
      max: [],
      bad: 0,
    };
    const end = Math.min(range.to, this.world.endOf(stream));
    const begin = Math.max(range.from, this.world.start - BEGAN_BEFORE_MS);
    for (let row = Math.ceil(begin / step) * step; row < end; row += step) {
      const values = [];
      const stride = Math.max(stream.sensor.intervalMs, step / SAMPLES_PER_ROW);
      for (let t = row; t < Math.min(end, row + step); t += stride) {
        const reading = this.world.readingAt(stream, this.world.gridAfter(stream, t));
        if (reading !== undefined && reading.v !== null) values.push(reading.v);
      }
      if (values.length === 0) continue;
      answer.rows += 1;
      answer.t.push(row + step / 2);
      answer.v.push(values.reduce((sum, v) => sum + v, 0) / values.length);
      answer.min.push(Math.min(...values));
      answer.max.push(Math.max(...values));
    }
    return answer;
  }

  head(stream, { from, to }, level, stepMs) {
    const { unit, valueType = "number" } = stream.sensor;
    return { stream: stream.name, from, to, level, stepMs, unit, valueType };
  }

  measured() {
    return [...this.world.streams.values()]
      .filter(({ name }) => this.world.nodeOf(name) !== undefined)
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  report(stream) {
    return reportOf(stream, {
      quiet: this.world.quiet,
      clockOffsetMs: this.world.nodeOf(stream.name)?.clockOffsetMs,
    });
  }

  events(query) {
    const { from, to } = rangeOf(query);
    const asked = (field, value) => (query.get(field) ?? value) === value;
    return this.world
      .pastEvents()
      .filter(({ at }) => at >= from && at < to)
      .filter(({ domain, stream }) => asked("domain", domain) && asked("stream", stream))
      .filter(({ event }) =>
        ["node", "sensor", "rule", "state", "severity"].every((field) => asked(field, event[field])),
      )
      .sort((a, b) => b.at - a.at);
  }

  gaps(stream, { from, to }, query) {
    const entries = this.world
      .losses(stream)
      .filter((loss) => loss.fromAt < to && (loss.toAt ?? to) >= from)
      .sort((a, b) => b.fromAt - a.fromAt);
    const { rows, next } = page(entries, query, ({ id }) => id);
    const sum = (of) =>
      entries.reduce((count, loss) => count + (loss.explanation === of ? loss.count : 0), 0);
    const [dropped, held, unknown] = ["dropped", "held", "unknown"].map(sum);
    const lastSeq = 90_000 + stream.seq;
    const account = {
      boot: stream.boot,
      countedFrom: 1,
      read: lastSeq,
      suppressed: 0,
      lastSeq,
      stored: lastSeq - dropped - held - unknown,
      dropped,
      held,
      unknown,
      late: sum("late"),
      recovered: sum("recovered"),
    };
    return {
      stream: stream.name,
      entries: rows,
      account: this.world.quiet ? [] : [account],
      ...(next === undefined ? {} : { next }),
    };
  }
}

/** Rows behind the one that `after` names, `limit` of them, and where the page behind them begins. */
function page(all, query, idOf) {
  const after = query.get("after");
  const start = after === null ? 0 : all.findIndex((row) => idOf(row) === after) + 1;
  const rows = all.slice(start, start + Number(query.get("limit") ?? PAGE));
  const last = rows.at(-1);
  return { rows, next: last !== undefined && start + rows.length < all.length ? idOf(last) : undefined };
}

/** The lowest and the highest of each column, in the order of their times. */
function minmax(rows, { from, to }, points) {
  const columnMs = (to - from) / (points / 2);
  const kept = [];
  for (let i = 0; i < rows.length; ) {
    const column = Math.floor((rows[i].t - from) / columnMs);
    let least = rows[i];
    let greatest = rows[i];
    for (; i < rows.length && Math.floor((rows[i].t - from) / columnMs) === column; i++) {
      if (rows[i].v === null) continue;
      if (least.v === null || rows[i].v < least.v) least = rows[i];
      if (greatest.v === null || rows[i].v > greatest.v) greatest = rows[i];
    }
    if (least === greatest) kept.push(least);
    else kept.push(...(least.t < greatest.t ? [least, greatest] : [greatest, least]));
  }
  return kept;
}

function rangeOf(query) {
  return { from: Number(query.get("from") ?? 0), to: Number(query.get("to") ?? Date.now()) };
}

function json(body, url, next) {
  const answer = { status: 200, type: "application/json", body: JSON.stringify(body) };
  if (next === undefined) return answer;
  const query = new URLSearchParams(url.searchParams);
  query.set("after", next);
  return { ...answer, link: `<${url.pathname}?${query}>; rel="next"` };
}

function csv(rows) {
  const lines = rows.map(({ t, v, seq }) => `${new Date(t).toISOString()},${v ?? ""},${seq}`);
  return { status: 200, type: "text/csv; charset=utf-8", body: `time,value,seq\n${lines.join("\n")}\n` };
}

function problem(status, code, detail) {
  return {
    status,
    type: "application/problem+json",
    body: JSON.stringify({ type: "about:blank", title: code, status, code, detail }),
  };
}
