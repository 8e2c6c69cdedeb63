import type { HistoryEvent, HistoryGaps, HistoryQuality, QualityReport } from "@fieldmesh/protocol";
import { read, readPage } from "../api.js";

/** Streams of a page of reports, and pages at most: some thousand streams are one table, more want a filter. */
const PAGE = 1_000;
const MOST_PAGES = 5;

const ofStream = (stream: string): string => `/api/history/streams/${encodeURIComponent(stream)}`;

/** What the historian measured and what it remembers of events and losses. Errors: `ApiError`. */
export const measured = {
  /** The reports of all streams; `more` when there are streams beyond. */
  reports: async (signal?: AbortSignal): Promise<{ reports: QualityReport[]; more: boolean }> => {
    const reports: QualityReport[] = [];
    let path: string | undefined = `/api/history/quality?limit=${PAGE}`;
    for (let page = 0; page < MOST_PAGES && path !== undefined; page++) {
      const { json, next } = await readPage(path, signal);
      reports.push(...(json as HistoryQuality).reports);
      path = next;
    }
    return { reports, more: path !== undefined };
  },
  report: async (stream: string, signal?: AbortSignal): Promise<QualityReport | undefined> => {
    const { reports } = (await read(`${ofStream(stream)}/quality`, signal)) as HistoryQuality;
    return reports[0];
  },
  /** Losses of a stream, the newest first, with the sums of its boots. */
  ledger: async (stream: string, after?: string, signal?: AbortSignal): Promise<HistoryGaps> => {
    const query = new URLSearchParams({ limit: "50", ...(after === undefined ? {} : { after }) });
    return (await read(`${ofStream(stream)}/gaps?${query}`, signal)) as HistoryGaps;
  },
  /** Events that meet the query, the newest first; `next` is the address of the page that follows. */
  events: async (
    path: string,
    signal?: AbortSignal,
  ): Promise<{ events: HistoryEvent[]; next: string | undefined }> => {
    const { json, next } = await readPage(path, signal);
    return { events: json as HistoryEvent[], next };
  },
};
