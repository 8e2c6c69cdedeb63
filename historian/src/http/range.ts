import { badParameters, type Query } from "./parameters.js";

/** The parameters that say which time is meant. */
export const RANGE = ["from", "to", "last"] as const;

const HOUR_MS = 3_600_000;

type RangeQuery = Query<(typeof RANGE)[number]>;

/** With the defaults of a range that has to have two ends. */
export function rangeOf(query: RangeQuery, now: number): { from: number; to: number } {
  const { from, to } = openRange(query, now);
  const end = to ?? now;
  return checked({ from: from ?? end - HOUR_MS, to: end });
}

/** A range may be open to both sides. */
export function openRange(
  { from, to, last }: RangeQuery,
  now: number,
): { from: number | undefined; to: number | undefined } {
  if (last !== undefined) {
    if (from === undefined && to === undefined) return { from: Math.max(0, now - last), to: now };
    throw badParameters([
      { parameter: "last", value: `${last / 1_000}s`, expected: "not beside from or to" },
    ]);
  }
  return checked({ from, to });
}

function checked<T extends { from: number | undefined; to: number | undefined }>(range: T): T {
  const { from, to } = range;
  if (from === undefined || to === undefined || from < to) return range;
  const expected = `a time before to, which is ${new Date(to).toISOString()}`;
  throw badParameters([{ parameter: "from", value: new Date(from).toISOString(), expected }]);
}
