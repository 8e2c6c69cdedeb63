import { everyIndex, type Line } from "./line.js";

/**
 * Largest triangle three buckets (S. Steinarsson, Downsampling Time Series for Visual Representation, 2013):
 * chooses at most `points` of a line that keep its shape. The points between the first and the last, which are
 * always kept (one point: the last), are dealt into buckets of equal count; of each that point is kept which
 * makes the largest triangle with the one kept before and the mean of the next bucket. Breaks take no part in
 * triangles; a bucket with a break keeps one of them beside its point.
 * @param points at least 1
 * @returns indices, ascending
 */
export function thinLargestTriangle({ t, v }: Line, points: number): Uint32Array {
  const { length } = t;
  if (length <= points) return everyIndex(length);
  if (points === 1) return Uint32Array.of(length - 1);
  const perBucket = v.some(Number.isNaN) ? 2 : 1;
  const count = Math.floor((points - 2) / perBucket);
  if (count === 0) return Uint32Array.of(0, length - 1);
  const kept = new Uint32Array(2 + count * perBucket);
  let size = 0;
  kept[size++] = 0;
  const width = (length - 2) / count;
  const start = (bucket: number): number => (bucket >= count ? length - 1 : 1 + Math.floor(bucket * width));
  let before = Number.isNaN(v[0] ?? Number.NaN) ? -1 : 0;
  for (let bucket = 0; bucket < count; bucket++) {
    const from = start(bucket);
    const to = start(bucket + 1);
    const next = meanOf(t, v, to, bucket === count - 1 ? length : start(bucket + 2));
    const beforeT = before < 0 ? (t[from] ?? 0) : (t[before] ?? 0);
    const beforeV = before < 0 ? next.v : (v[before] ?? 0);
    let chosen = -1;
    let gap = -1;
    let largest = -1;
    for (let i = from; i < to; i++) {
      const value = v[i] ?? Number.NaN;
      if (Number.isNaN(value)) {
        if (gap < 0) gap = i;
        continue;
      }
      // Twice the area; only the order counts. Without a next bucket NaN, which is never larger: the first one stays.
      const area = Math.abs(
        (beforeT - next.t) * (value - beforeV) - (beforeT - (t[i] ?? 0)) * (next.v - beforeV),
      );
      if (chosen < 0 || area > largest) {
        chosen = i;
        largest = Number.isNaN(area) ? -1 : area;
      }
    }
    if (gap >= 0 && (chosen < 0 || gap < chosen)) kept[size++] = gap;
    if (chosen >= 0) kept[size++] = chosen;
    if (gap >= 0 && chosen >= 0 && gap > chosen) kept[size++] = gap;
    if (chosen >= 0) before = chosen;
  }
  kept[size++] = length - 1;
  return kept.subarray(0, size);
}

/** Of the points with a value in [from, to); NaN when there is none. */
function meanOf(t: Float64Array, v: Float64Array, from: number, to: number): { t: number; v: number } {
  let sumT = 0;
  let sumV = 0;
  let count = 0;
  for (let i = from; i < to; i++) {
    const value = v[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    sumT += t[i] ?? 0;
    sumV += value;
    count++;
  }
  return { t: sumT / count, v: sumV / count };
}
