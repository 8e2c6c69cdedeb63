/** Of `new Date`. */
const MAX_TIME_MS = 8.64e15;
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)(?:([Zz])|([+ -])(\d\d):?(\d\d)))?$/;

export const TIME_EXPECTED = "ms since the epoch, or ISO 8601 with a zone as 2027-01-31T12:00:00Z";

/**
 * Ms since the epoch, or ISO 8601 with a zone, as a time without one is another moment elsewhere; a date alone is its
 * midnight in UTC. A space may stand for `T`, and for the `+` of a zone, which a query makes one.
 */
export function parseTime(text: string): number | undefined {
  if (/^\d{1,16}$/.test(text)) {
    const ms = Number(text);
    return ms <= MAX_TIME_MS ? ms : undefined;
  }
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year = "", month = "", day = "", clock, utc, sign, hours = "", minutes = ""] = match;
  // Date.parse makes a 30th of February the 2nd of March.
  if (new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() !== Number(day)) {
    return undefined;
  }
  const zone =
    clock === undefined || utc !== undefined ? "Z" : `${sign === "-" ? "-" : "+"}${hours}:${minutes}`;
  const ms = Date.parse(`${year}-${month}-${day}T${(clock ?? "00:00").replace(",", ".")}${zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}
