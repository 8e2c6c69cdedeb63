import type { QualityReport, QualityWindow } from "@fieldmesh/protocol";
import type { Measurement } from "./evaluate.js";

/**
 * What the historian measured of a stream, as rules name it: `completeness`, `validity`, `availability` (shares),
 * `timeliness` (the 95th percentile), `freshness` (age of the newest good reading), `rate` (readings per second).
 * What it could not measure (`null`) is left out, and so stays unknown.
 */
export function measurementsOfReport(report: QualityReport, window: QualityWindow = "24h"): Measurement[] {
  const quality = report.windows[window];
  const common = { at: report.timestamp, source: `historian, ${window} of ${report.stream}` };
  const found: Measurement[] = [];
  for (const metric of ["completeness", "validity", "availability"] as const) {
    const value = quality[metric];
    if (value !== null) found.push({ metric, value, unit: "share", ...common });
  }
  if (quality.timeliness !== null) {
    found.push({ metric: "timeliness", value: quality.timeliness.p95, unit: "ms", ...common });
  }
  if (quality.rate !== null) found.push({ metric: "rate", value: quality.rate, ...common });
  if (report.freshness.ageMs !== null) {
    found.push({ metric: "freshness", value: report.freshness.ageMs, unit: "ms", ...common });
  }
  return found;
}
