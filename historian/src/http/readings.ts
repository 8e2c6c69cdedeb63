import type { HistoryLevel, HistoryReadings, HistoryStream } from "@fieldmesh/protocol";
import { HttpProblem } from "@fieldmesh/runtime";
import { ROLLUP_MS, type Rollup, type RollupLevel, type Series } from "@fieldmesh/storage";
import { rowStart } from "../rollup/roll-up.js";
import { thinLargestTriangle } from "../thinning/largest-triangle.js";
import { everyIndex, pick } from "../thinning/line.js";
import { thinMinMax } from "../thinning/min-max.js";
import { type RawColumns, readRaw } from "./read-raw.js";
import { mergeOf, readRollups, rollupColumns } from "./read-rollups.js";

type Rows = Pick<Series, "range" | "rollups">;

export interface ReadingsQuery {
  from: number;
  to: number;
  points: number;
  mode: "minmax" | "lttb" | "all";
  level: "auto" | HistoryLevel;
}

/** Readings that `auto` reads for one chart: two days at 1 Hz; read and thinned out within a few hundredths of a second. */
const AUTO_RAW = 200_000;
/** That are read for one answer at all: 16 MB for each million. */
const MAX_RAW = 2_000_000;
/** Rows that `auto` reads of one level: a month of minutes, five years of hours. */
const AUTO_ROWS = 50_000;
const MAX_ROWS = 600_000;
/** Rows of one answer that is not thinned out. */
const MAX_ALL = 100_000;

/**
 * What a chart of this range draws.
 * @throws HttpProblem 422 when it asks for more than one answer can hold.
 */
export async function findReadings(
  series: Rows,
  stream: HistoryStream,
  query: ReadingsQuery,
): Promise<HistoryReadings> {
  if (query.level === "raw") {
    const raw = await readRaw(series, stream.stream, { ...query, max: MAX_RAW });
    if (raw === undefined) throw tooMany("level=minute, a shorter range, or format=csv");
    return fromRaw(stream, query, raw);
  }
  if (query.level !== "auto")
    return fromRollups(stream, query, query.level, await rows(series, stream, query, query.level));
  const max = query.mode === "all" ? MAX_ALL : AUTO_RAW;
  if (expected(stream, query) <= 2 * max && !(await isPruned(series, stream, query))) {
    const raw = await readRaw(series, stream.stream, { ...query, max });
    if (raw !== undefined) return fromRaw(stream, query, raw);
  }
  const { level, found } = await coarseEnough(series, stream, query);
  return fromRollups(stream, query, level, found);
}

/** Readings of the range, if they are spread evenly. */
function expected({ readings, from, to }: HistoryStream, range: { from: number; to: number }): number {
  if (from === null || to === null) return 0;
  const overlap = Math.min(to, range.to) - Math.max(from, range.from);
  if (overlap < 0) return 0;
  return to > from ? (readings * overlap) / (to - from) : readings;
}

/** Whether the range begins where only rollups are kept. */
async function isPruned(
  series: Rows,
  { stream, from: oldest }: HistoryStream,
  { from, to }: { from: number; to: number },
): Promise<boolean> {
  if (oldest !== null && oldest <= from) return false;
  const end = Math.min(oldest ?? to, to);
  const hour = rowStart("hour", end);
  // The row that the oldest reading lies in is there either way, so only whole rows before it tell.
  if ((await series.rollups("hour", stream, from, hour)).length > 0) return true;
  return (await series.rollups("minute", stream, Math.max(from, hour), rowStart("minute", end))).length > 0;
}

async function coarseEnough(
  series: Rows,
  stream: HistoryStream,
  query: ReadingsQuery,
): Promise<{ level: RollupLevel; found: Rollup[] }> {
  const span = query.to - (await beginning(series, stream, query));
  const wanted = query.mode === "all" ? AUTO_ROWS : query.points;
  if (span / ROLLUP_MS.minute > AUTO_ROWS || span / ROLLUP_MS.hour >= wanted) {
    return { level: "hour", found: await rows(series, stream, query, "hour") };
  }
  const minutes = await rows(series, stream, query, "minute");
  const first = minutes[0]?.at ?? query.to;
  // Minutes are pruned before hours are.
  const older = await series.rollups("hour", stream.stream, query.from, rowStart("hour", first));
  if (older.length === 0) return { level: "minute", found: minutes };
  return { level: "hour", found: await rows(series, stream, query, "hour") };
}

/** The start of the range, or of what there is in it: people ask for "everything" by a date long ago. */
async function beginning(
  series: Rows,
  { stream, from: oldest }: HistoryStream,
  { from, to }: ReadingsQuery,
): Promise<number> {
  if ((to - from) / ROLLUP_MS.minute <= AUTO_ROWS) return from;
  const [first] = await series.rollups("hour", stream, from, to);
  const begun = Math.min(first?.at ?? to, oldest ?? to);
  return Math.max(from, begun);
}

async function rows(
  series: Rows,
  stream: HistoryStream,
  query: ReadingsQuery,
  level: RollupLevel,
): Promise<Rollup[]> {
  const from = await beginning(series, stream, query);
  const { to } = query;
  if ((to - from) / ROLLUP_MS[level] > MAX_ROWS) throw tooMany("level=hour, or a shorter range");
  return await readRollups(series, level, stream.stream, { from, to });
}

function fromRaw(stream: HistoryStream, query: ReadingsQuery, raw: RawColumns): HistoryReadings {
  const { from, to, points, mode } = query;
  const line = { t: raw.t, v: raw.v };
  const { length } = raw.t;
  if (mode === "all" && length > MAX_ALL) throw tooMany("mode=minmax, a shorter range, or format=csv");
  const kept =
    mode === "all"
      ? everyIndex(length)
      : mode === "lttb"
        ? thinLargestTriangle(line, points)
        : thinMinMax(line, points);
  return {
    stream: stream.stream,
    from,
    to,
    level: "raw",
    stepMs: 0,
    unit: raw.unit ?? stream.unit,
    valueType: raw.valueType ?? stream.valueType,
    rows: length,
    thinned: kept.length < length,
    t: Array.from(pick(raw.t, kept)),
    v: nullable(pick(raw.v, kept)),
    bad: raw.bad,
  };
}

function fromRollups(
  stream: HistoryStream,
  query: ReadingsQuery,
  level: RollupLevel,
  found: readonly Rollup[],
): HistoryReadings {
  const { from, to, points, mode } = query;
  if (mode === "all" && found.length > MAX_ALL) throw tooMany("mode=minmax, level=hour, or a shorter range");
  const merge = mode === "minmax" ? mergeOf(found, level, points) : 1;
  const columns = rollupColumns(found, level, merge);
  const line = { t: columns.t, v: columns.v };
  const kept = mode === "lttb" ? thinLargestTriangle(line, points) : everyIndex(columns.t.length);
  return {
    stream: stream.stream,
    from,
    to,
    level,
    stepMs: columns.stepMs,
    unit: stream.unit,
    valueType: stream.valueType,
    rows: found.length,
    thinned: kept.length < found.length,
    t: Array.from(pick(columns.t, kept)),
    v: nullable(pick(columns.v, kept)),
    min: nullable(pick(columns.min, kept)),
    max: nullable(pick(columns.max, kept)),
    bad: columns.bad,
  };
}

function nullable(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}

function tooMany(instead: string): HttpProblem {
  return new HttpProblem(
    422,
    "too_many_readings",
    `the range holds too many for one answer: ask for ${instead}`,
  );
}
