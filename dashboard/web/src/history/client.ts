import type { HistoryEvent, HistoryGaps, HistoryReadings, HistoryStream } from "@fieldmesh/protocol";
import { ApiError, read } from "../api.js";
import type { Range } from "../model/time-view.js";

/** Events and gaps of one view: more marks than that cannot be told apart. */
const MOST_MARKS = 500;

const ofStream = (stream: string): string => `/api/history/streams/${encodeURIComponent(stream)}`;
const inRange = ({ from, to }: Range): URLSearchParams =>
  new URLSearchParams({ from: String(Math.floor(from)), to: String(Math.ceil(to)) });

/**
 * What the historian tells, as `protocol/src/history-api.ts` has it. Errors: {@link ApiError}; the code
 * `no_historian` when this dashboard knows of none. The server is ours: answers are typed, not parsed.
 */
export const history = {
  /** What is known of one stream; undefined when nothing is. */
  stream: async (stream: string, signal?: AbortSignal) => {
    // A stream's name is `{domain}_{node}_{sensor}`, and none of these has a `_`.
    const [domain = "", node = ""] = stream.split("_");
    const query = new URLSearchParams({ domain, node, limit: "1000" });
    const all = (await read(`/api/history/streams?${query}`, signal)) as HistoryStream[];
    return all.find((one) => one.stream === stream);
  },
  /** At most `points` rows; the lowest and the highest of each column are always among them. */
  readings: (stream: string, range: Range, points: number, signal?: AbortSignal) => {
    const query = inRange(range);
    query.set("points", String(points));
    query.set("mode", "minmax");
    return read(`${ofStream(stream)}/readings?${query}`, signal) as Promise<HistoryReadings>;
  },
  events: (stream: string, range: Range, signal?: AbortSignal) => {
    const query = inRange(range);
    query.set("stream", stream);
    query.set("limit", String(MOST_MARKS));
    return read(`/api/history/events?${query}`, signal) as Promise<HistoryEvent[]>;
  },
  gaps: (stream: string, range: Range, signal?: AbortSignal) => {
    const query = inRange(range);
    query.set("limit", String(MOST_MARKS));
    return read(`${ofStream(stream)}/gaps?${query}`, signal) as Promise<HistoryGaps>;
  },
};

/** Address of all raw readings of a range as a CSV file. */
export function csvHref(stream: string, range: Range): string {
  const query = inRange(range);
  query.set("format", "csv");
  return `${ofStream(stream)}/readings?${query}`;
}

/** How the historian answers: `none` when there is none, `away` when it cannot be reached or cannot read its store. */
export type HistorianState = "unasked" | "here" | "none" | "away";

/** What an error says of the historian; undefined when it is about the request, not about the historian. */
export function stateAfter(error: unknown): "none" | "away" | undefined {
  if (!(error instanceof ApiError)) return "away";
  if (error.code === "no_historian") return "none";
  // An answer about this stream or this range: the historian itself is well.
  if (error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429)
    return undefined;
  return "away";
}
