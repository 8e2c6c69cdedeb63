import { SEVERITIES, type Severity } from "@fieldmesh/protocol";

/** What the page of past events shows; also what its address says. Times in ms. */
export interface EventFilter {
  severity?: Severity | undefined;
  state?: "raised" | "cleared" | undefined;
  domain?: string | undefined;
  node?: string | undefined;
  sensor?: string | undefined;
  rule?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
}

export const NAME_FIELDS = ["domain", "node", "sensor", "rule"] as const;
/** In the order in which an address has them, whichever was set first. */
const FIELDS = ["severity", "state", ...NAME_FIELDS, "from", "to"] as const;
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Of an address; what is not understood is left out. */
export function readEventFilter(search: string): EventFilter {
  const query = new URLSearchParams(search);
  const filter: EventFilter = {};
  for (const field of NAME_FIELDS) {
    const value = query.get(field);
    if (value !== null && NAME.test(value)) filter[field] = value;
  }
  filter.severity = SEVERITIES.find((one) => one === query.get("severity"));
  filter.state = (["raised", "cleared"] as const).find((one) => one === query.get("state"));
  for (const field of ["from", "to"] as const) {
    const text = query.get(field);
    if (text !== null && /^\d{1,15}$/.test(text)) filter[field] = Number(text);
  }
  return filter;
}

/** As it stands behind an address: `?severity=critical`, or nothing. */
export function eventSearch(filter: EventFilter): string {
  const text = queryOf(filter).toString();
  return text === "" ? "" : `?${text}`;
}

/** Where the historian answers it. */
export function eventsPath(filter: EventFilter, limit: number): string {
  const query = queryOf(filter);
  query.set("limit", String(limit));
  return `/api/history/events?${query}`;
}

function queryOf(filter: EventFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const field of FIELDS) {
    const value = filter[field];
    if (value !== undefined && value !== "") query.set(field, String(value));
  }
  return query;
}

/** Whether a text that was typed is a name of the wire. */
export function isName(text: string): boolean {
  return NAME.test(text);
}
