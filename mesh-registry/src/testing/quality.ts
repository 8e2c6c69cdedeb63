import type { QualityReport, WindowQuality } from "@fieldmesh/protocol";

/** A report of the historian of a stream that keeps what it promises, but for what is said otherwise. */
export function qualityReport(
  stream: string,
  timestamp: number,
  day: Partial<WindowQuality> = {},
  freshness: Partial<QualityReport["freshness"]> = {},
): QualityReport {
  const window: WindowQuality = {
    observedMs: 86_400_000,
    expected: 1_000,
    received: 1_000,
    completeness: 1,
    validity: 1,
    invalidBy: {},
    availability: 1,
    timeliness: { p50: 4, p95: 9, p99: 21 },
    rate: 1,
    duplicates: 0,
    outOfOrder: 0,
    bad: 0,
    badBy: {},
  };
  return {
    stream,
    timestamp,
    freshness: { at: timestamp - 1_000, ageMs: 1_000, withinMs: 3_000, fresh: true, ...freshness },
    clock: null,
    windows: { "1m": window, "1h": window, "24h": { ...window, ...day }, "30d": window },
    objectives: [],
    configuration: 1,
  };
}
