import { createHash } from "node:crypto";
import type { QualityReport } from "@fieldmesh/protocol";

/** What anybody wants to know of at once. */
export function stateOf({ freshness, clock, objectives }: QualityReport): string {
  const promises = objectives.map(({ id, state, severity = "" }) => `${id}:${state}:${severity}`);
  return [freshness.fresh, clock?.off ?? false, ...promises].join();
}

/**
 * The same for two reports that say the same: the time of the look apart, and what only time moved. A document that
 * promises the same under another number says nothing new.
 */
export function fingerprint(report: QualityReport): string {
  const { timestamp: _now, configuration: _version, freshness, ...rest } = report;
  const { ageMs: _age, ...promise } = freshness;
  const text = JSON.stringify({ ...rest, promise }, (key, value: unknown) => {
    if (key === "observedMs" || key === "offsetMs") return undefined;
    return typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(3) : value;
  });
  return createHash("sha1").update(text).digest("base64");
}
