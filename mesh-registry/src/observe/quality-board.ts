import { parseMessage, type QualityReport } from "@fieldmesh/protocol";
import type { Log, MqttLink } from "@fieldmesh/runtime";

/** What the historian measured last of every stream, from what it publishes. */
export interface QualityBoard {
  latest(stream: string): QualityReport | undefined;
  /** Called with each report that came; what is there already is not told. Answers how to stop. */
  onReport(listener: (report: QualityReport) => void): () => void;
  /** Called with each stream that is measured no more, as it was removed. Answers how to stop. */
  onGone(listener: (stream: string) => void): () => void;
}

export interface QualityBoardOptions {
  /** Without one nothing is ever measured. */
  link: Pick<MqttLink, "onMessage" | "subscribe"> | undefined;
  clock: () => number;
  log: Log;
  maxStreams?: number;
}

const FILTER = "mesh/quality/+";
/** As many as a historian measures; a report takes some 3 KiB. */
const MAX_STREAMS = 50_000;

export function createQualityBoard({
  link,
  clock,
  log,
  maxStreams = MAX_STREAMS,
}: QualityBoardOptions): QualityBoard {
  const reports = new Map<string, QualityReport>();
  const listeners = new Set<(report: QualityReport) => void>();
  const goneListeners = new Set<(stream: string) => void>();
  let full = false;

  const take = (stream: string, report: QualityReport | null): void => {
    if (report === null) {
      if (reports.delete(stream)) for (const listener of goneListeners) listener(stream);
      return;
    }
    if (reports.size >= maxStreams && !reports.has(stream)) {
      if (!full) log.error({ limit: maxStreams, stream }, "more streams are measured than are kept in mind");
      full = true;
      return;
    }
    reports.set(stream, report);
    for (const listener of listeners) listener(report);
  };

  link?.onMessage((topic, payload, { retain }) => {
    if (!topic.startsWith("mesh/quality/")) return;
    const parsed = parseMessage(topic, payload, { now: clock(), retain });
    if (!parsed.ok) log.warn({ topic, reason: parsed.detail }, "a measurement that cannot be read");
    else if (parsed.value.kind === "quality") take(parsed.value.streamName, parsed.value.report);
  });
  link?.subscribe([FILTER], 1).catch((error: unknown) => {
    log.error({ err: error, filter: FILTER }, "measurements are not heard");
  });
  return {
    latest: (stream) => reports.get(stream),
    onReport(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onGone(listener) {
      goneListeners.add(listener);
      return () => goneListeners.delete(listener);
    },
  };
}
