import { ROLLUP_MS, type Rollup, type RollupLevel, type Series } from "@fieldmesh/storage";
import { coarser, RollUp, rowStart } from "../rollup/roll-up.js";

type Rows = Pick<Series, "range" | "rollups">;

/** Raw readings read for the end of a range that is not rolled up yet. */
const MAX_TAIL = 500_000;

/**
 * Rows whose start lies in the range, `from` set back to the start of its row. The newest rows are made here from what
 * they will be made of, so that the present is never missing: a minute is kept only once it is over, an hour of the
 * minutes that are.
 */
export async function readRollups(
  series: Rows,
  level: RollupLevel,
  stream: string,
  range: { from: number; to: number },
): Promise<Rollup[]> {
  const from = rowStart(level, range.from);
  const { to } = range;
  const rows = await series.rollups(level, stream, from, to);
  const last = rows.at(-1);
  if (level === "minute") {
    const tail = { from: last === undefined ? from : last.at + ROLLUP_MS.minute, to };
    return tail.from < to ? [...rows, ...(await fromRaw(series, stream, tail))] : rows;
  }
  const made = coarser("hour", await readRollups(series, "minute", stream, { from: last?.at ?? from, to }));
  const again = made[0];
  if (last === undefined || again?.at !== last.at) return [...rows, ...made];
  // Of an hour whose minutes are pruned, or that `to` cuts through, the row that is kept has more.
  return [...rows.slice(0, -1), readingsOf(again) > readingsOf(last) ? again : last, ...made.slice(1)];
}

function readingsOf({ count, bad }: Rollup): number {
  return count + bad;
}

async function fromRaw(series: Rows, stream: string, range: { from: number; to: number }): Promise<Rollup[]> {
  const rollUp = new RollUp("minute");
  let length = 0;
  for await (const columns of series.range(stream, range)) {
    rollUp.columns(columns);
    length += columns.length;
    if (length > MAX_TAIL) break;
  }
  return rollUp.rows();
}

/** Rows as a chart takes them. */
export interface RollupColumns {
  /** Length of a row, ms. */
  stepMs: number;
  /** Middle of the row. */
  t: Float64Array;
  /** Mean; NaN where there was no value. */
  v: Float64Array;
  min: Float64Array;
  max: Float64Array;
  bad: number;
}

/**
 * Puts `merge` neighbouring rows into one (1: leaves them; infinity: all): the mean by their counts, the band from the
 * lowest to the highest of all, so that no spike is lost. Merged rows begin at multiples of their length.
 */
export function rollupColumns(rows: readonly Rollup[], level: RollupLevel, merge: number): RollupColumns {
  const whole = merge === Number.POSITIVE_INFINITY;
  const from = whole ? (rows[0]?.at ?? 0) : 0;
  const stepMs = whole ? (rows.at(-1)?.at ?? from) + ROLLUP_MS[level] - from : ROLLUP_MS[level] * merge;
  const t: number[] = [];
  const v: number[] = [];
  const min: number[] = [];
  const max: number[] = [];
  let bad = 0;
  let open = Number.NaN;
  let count = 0;
  for (const row of rows) {
    bad += row.bad;
    const start = from + Math.floor((row.at - from) / stepMs) * stepMs;
    if (start !== open) {
      open = start;
      count = 0;
      t.push(start + stepMs / 2);
      v.push(Number.NaN);
      min.push(Number.NaN);
      max.push(Number.NaN);
    }
    if (row.count === 0 || row.mean === null || row.min === null || row.max === null) continue;
    const i = t.length - 1;
    const before = v[i] ?? Number.NaN;
    const total = count + row.count;
    v[i] = count === 0 ? row.mean : before + (row.mean - before) * (row.count / total);
    min[i] = count === 0 ? row.min : Math.min(min[i] ?? row.min, row.min);
    max[i] = count === 0 ? row.max : Math.max(max[i] ?? row.max, row.max);
    count = total;
  }
  return {
    stepMs,
    t: Float64Array.from(t),
    v: Float64Array.from(v),
    min: Float64Array.from(min),
    max: Float64Array.from(max),
    bad,
  };
}

/** How many rows make one, so that there are at most `points`. */
export function mergeOf(found: readonly Rollup[], level: RollupLevel, points: number): number {
  const [first] = found;
  const last = found.at(-1);
  if (first === undefined || last === undefined || found.length <= points) return 1;
  const span = (last.at - first.at) / ROLLUP_MS[level];
  // Where longer rows begin does not depend on the range, so that nothing flickers when it moves; so they may be one
  // more than fit into it.
  return points === 1 ? Number.POSITIVE_INFINITY : Math.floor(span / (points - 1)) + 1;
}
