/** The greatest time a `Date` can hold, ms (ECMA-262, 21.4.1.1). */
export const MAX_TIME_MS = 8.64e15;

const ISO = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|z|[+-]\d{2}:?\d{2})?$/;

/**
 * Reads the time of an older form. A time with a zone is that instant; one without is taken as the time of
 * arrival, because nobody can know which zone its writer was in. A number is ms since the epoch. Anything else
 * is `undefined`.
 */
export function legacyTime(value: unknown, arrivedAt: number): number | undefined {
  if (value === undefined || value === null) return arrivedAt;
  if (typeof value === "number") return isTime(value) ? Math.trunc(value) : undefined;
  if (typeof value !== "string" || value.length > 40) return undefined;
  const match = ISO.exec(value);
  if (match === null) return undefined;
  const zone = match[3];
  if (zone === undefined) return arrivedAt;
  const text = value
    .replace(" ", "T")
    .replace(",", ".")
    .replace(/([+-]\d{2})(\d{2})$/, "$1:$2");
  const time = Date.parse(text.toUpperCase());
  return isTime(time) ? time : undefined;
}

export function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MAX_TIME_MS;
}
