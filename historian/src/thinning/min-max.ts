import { everyIndex, type Line } from "./line.js";

/**
 * Chooses at most `points` of a line so that no spike is lost: its time is cut into equal stretches, and of each
 * the lowest and the highest value are kept, and where it has a break, one break. The first and the last point
 * are always kept (one point: the last). Costs one pass, and no object per point.
 * @param points at least 1
 * @returns indices, ascending
 */
export function thinMinMax({ t, v }: Line, points: number): Uint32Array {
  const { length } = t;
  if (length <= points) return everyIndex(length);
  if (points < 4) return ends(length, points);
  // Of four points there is none to spare for a break.
  const keepsBreaks = points >= 5 && v.some(Number.isNaN);
  const perBucket = keepsBreaks ? 3 : 2;
  const buckets = bucketsOf(t, Math.floor((points - 2) / perBucket));
  const kept = new Uint32Array(2 + buckets.count * perBucket);
  let size = 0;
  const keep = (index: number): void => {
    if (size === 0 || (kept[size - 1] ?? 0) < index) kept[size++] = index;
  };
  keep(0);
  for (let bucket = 0, next = 1; bucket < buckets.count; bucket++) {
    const end = bucket === buckets.count - 1 ? Number.POSITIVE_INFINITY : buckets.end(bucket);
    let low = -1;
    let high = -1;
    let gap = -1;
    let lowest = Number.POSITIVE_INFINITY;
    let highest = Number.NEGATIVE_INFINITY;
    for (; next < length - 1 && (t[next] ?? 0) < end; next++) {
      const value = v[next] ?? Number.NaN;
      if (Number.isNaN(value)) {
        if (gap < 0 && keepsBreaks) gap = next;
        continue;
      }
      if (low < 0 || value < lowest) {
        low = next;
        lowest = value;
      }
      if (high < 0 || value > highest) {
        high = next;
        highest = value;
      }
    }
    for (const index of ascending(low, high, gap)) keep(index);
  }
  keep(length - 1);
  return kept.subarray(0, size);
}

/** Equal stretches of the line's own time; a single one when all of it is of one moment. */
function bucketsOf(t: Float64Array, count: number): { count: number; end(bucket: number): number } {
  const from = t[0] ?? 0;
  const length = ((t.at(-1) ?? 0) - from) / count;
  return length > 0
    ? { count, end: (bucket) => from + (bucket + 1) * length }
    : { count: 1, end: () => Number.POSITIVE_INFINITY };
}

function ends(length: number, points: number): Uint32Array {
  return points === 1 ? Uint32Array.of(length - 1) : Uint32Array.of(0, length - 1);
}

/** Of those that there are (not -1). */
function ascending(...indices: readonly number[]): number[] {
  return indices.filter((index) => index >= 0).sort((one, other) => one - other);
}
