/** From and to, ms since the epoch by the server's clock. */
export interface Range {
  from: number;
  to: number;
}

/** What a time axis shows: the last `spanMs` up to now, moving, or a stretch that stands. */
export type TimeView = { kind: "live"; spanMs: number } | ({ kind: "fixed" } & Range);

/** Closer than this, readings lie a hand's breadth apart. */
export const SHORTEST_MS = 2_000; // ms
/** Hourly values are kept for five years. */
export const LONGEST_MS = 5 * 366 * 86_400_000; // ms

/** Zooming in on a live chart this far to the right keeps it live: one means the newest readings. */
const NEAR_NOW = 3 / 4;

export function rangeOf(view: TimeView, now: number): Range {
  return view.kind === "live" ? { from: now - view.spanMs, to: now } : { from: view.from, to: view.to };
}

export function spanOf(view: TimeView): number {
  return view.kind === "live" ? view.spanMs : view.to - view.from;
}

export function sameView(a: TimeView, b: TimeView): boolean {
  if (a.kind === "live") return b.kind === "live" && a.spanMs === b.spanMs;
  return b.kind === "fixed" && a.from === b.from && a.to === b.to;
}

/** The last `spanMs` up to now, as far as an axis can be that long or short. */
export function liveView(spanMs: number): TimeView {
  return { kind: "live", spanMs: clampSpan(spanMs) };
}

/** A stretch that stands, in whole ms; one that is too long or too short keeps its middle. */
export function fixedView({ from, to }: Range): TimeView {
  const spanMs = clampSpan(to - from);
  if (spanMs === to - from && Number.isInteger(from) && from >= 0) return { kind: "fixed", from, to };
  const start = Math.max(0, Math.round((from + to - spanMs) / 2));
  return { kind: "fixed", from: start, to: start + spanMs };
}

/** Moved by `byMs`, to the past when negative. One that reaches now is live from there on. */
export function panned(view: TimeView, now: number, byMs: number): TimeView {
  const { from, to } = rangeOf(view, now);
  return settled(from + byMs, to + byMs, now);
}

/** `factor` times as much time, with the moment `at` staying where it is on the screen. */
export function zoomed(view: TimeView, now: number, factor: number, at: number): TimeView {
  const { from, to } = rangeOf(view, now);
  const spanMs = clampSpan((to - from) * factor);
  const share = (at - from) / (to - from);
  if (view.kind === "live" && share >= NEAR_NOW) return { kind: "live", spanMs };
  const start = at - share * spanMs;
  return settled(start, start + spanMs, now);
}

function settled(from: number, to: number, now: number): TimeView {
  const spanMs = Math.round(to - from);
  if (to >= now) return { kind: "live", spanMs };
  const start = Math.max(0, Math.round(from));
  return { kind: "fixed", from: start, to: start + spanMs };
}

function clampSpan(spanMs: number): number {
  return Math.round(Math.min(LONGEST_MS, Math.max(SHORTEST_MS, spanMs)));
}

const MINUTE = 60_000; // ms
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lengths offered by name. */
export const PRESETS: readonly { spanMs: number; label: string; title: string }[] = [
  { spanMs: 5 * MINUTE, label: "5 min", title: "5 minutes" },
  { spanMs: 15 * MINUTE, label: "15 min", title: "15 minutes" },
  { spanMs: HOUR, label: "1 h", title: "1 hour" },
  { spanMs: 6 * HOUR, label: "6 h", title: "6 hours" },
  { spanMs: DAY, label: "24 h", title: "24 hours" },
  { spanMs: 7 * DAY, label: "7 d", title: "7 days" },
  { spanMs: 30 * DAY, label: "30 d", title: "30 days" },
  { spanMs: 365 * DAY, label: "1 y", title: "1 year" },
];
