import { fixedView, LONGEST_MS, liveView, SHORTEST_MS, type TimeView } from "./time-view.js";

const UNITS: readonly [name: string, ms: number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
];

/** A length of time in one unit, exactly: `15m`, `36h`, `1234ms`. */
export function spanText(spanMs: number): string {
  const [name, ms] = UNITS.find(([, unit]) => spanMs % unit === 0) ?? ["ms", 1];
  return `${spanMs / ms}${name}`;
}

function parseSpan(text: string): number | undefined {
  const [, count, name] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text) ?? [];
  const unit = UNITS.find((entry) => entry[0] === name);
  if (count === undefined || unit === undefined) return undefined;
  const spanMs = Number(count) * unit[1];
  return spanMs >= SHORTEST_MS && spanMs <= LONGEST_MS ? spanMs : undefined;
}

/** ms since the epoch, or ISO 8601. */
function parseTime(text: string): number | undefined {
  const t = /^\d{1,15}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : -1;
  return t >= 0 ? t : undefined;
}

/** Puts a view into an address: `span=15m` while it is live, else `from=…&to=…` in ms. */
export function writeView(query: URLSearchParams, view: TimeView): void {
  if (view.kind === "live") query.set("span", spanText(view.spanMs));
  else {
    query.set("from", String(view.from));
    query.set("to", String(view.to));
  }
}

/** The view that an address names; undefined when it names none, or nonsense. */
export function readView(query: URLSearchParams): TimeView | undefined {
  const from = parseTime(query.get("from") ?? "");
  const to = parseTime(query.get("to") ?? "");
  if (from !== undefined && to !== undefined && from < to) return fixedView({ from, to });
  const spanMs = parseSpan(query.get("span") ?? "");
  return spanMs === undefined ? undefined : liveView(spanMs);
}

/** As many lines as one can tell apart on one axis. */
export const MOST_COMPARED = 8;

/** The streams of a comparison, each once. */
export function readStreams(query: URLSearchParams): string[] {
  return [...new Set(query.getAll("s"))].filter((name) => name !== "").slice(0, MOST_COMPARED);
}

/** `?s=…&s=…&span=1h`; `view` may be left out. */
export function compareSearch(streams: readonly string[], view?: TimeView): string {
  const query = new URLSearchParams();
  for (const name of streams) query.append("s", name);
  if (view !== undefined) writeView(query, view);
  return query.size === 0 ? "" : `?${query}`;
}
