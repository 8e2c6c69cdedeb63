const ZONED = /(z|[+-]\d{2}:?\d{2})$/i;
const UNZONED = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?$/;
/** Unix times under this are seconds, others ms: it is the year 5138 in the one, March 1973 in the other. */
const SECONDS_BELOW = 1e11;

/** `2015-02-02 14:19:00` (UTC where no zone is given), ISO 8601, or Unix time in s or ms. */
export function parseTime(text: string): number | undefined {
  if (/^\d{1,16}(\.\d+)?$/.test(text)) {
    const number = Number(text);
    return Math.round(number < SECONDS_BELOW ? number * 1_000 : number);
  }
  const unzoned = UNZONED.exec(text);
  const ms = unzoned
    ? Date.parse(`${unzoned[1]}T${unzoned[2] ?? "00:00"}Z`)
    : ZONED.test(text)
      ? Date.parse(text.replace(" ", "T"))
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
