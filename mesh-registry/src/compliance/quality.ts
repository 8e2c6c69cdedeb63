import { QUALITY_WINDOWS, type QualityWindow, type WindowQuality } from "@fieldmesh/protocol";
import type { Product } from "../resources/product.js";
import type { ProductQuality } from "../resources/quality-metrics.js";
import { type FactSources, isStale, postedUntil } from "./facts.js";

type Shown = NonNullable<ProductQuality["streams"][number]["windows"]>[QualityWindow];

/** What was measured last of the streams of a product, and what was posted of it, by name. */
export function qualityOf(product: Product, sources: FactSources, now: number): ProductQuality {
  const { id } = product;
  return {
    product: id,
    version: sources.versionOf(id) ?? null,
    streams: sources.streamsOf(id).map((stream) => {
      const report = sources.latest(stream);
      if (report === undefined) return { stream, stale: true };
      const { timestamp, freshness, windows } = report;
      return {
        stream,
        at: timestamp,
        stale: isStale(report, now),
        fresh: freshness.fresh,
        ageMs: freshness.ageMs,
        windows: Object.fromEntries(QUALITY_WINDOWS.map((each) => [each, shown(windows[each])])) as Record<
          QualityWindow,
          Shown
        >,
      };
    }),
    posted: sources.postedOf(id).map((posted) => ({ ...posted, until: postedUntil(posted, product) })),
  };
}

function shown({
  observedMs,
  expected,
  received,
  completeness,
  validity,
  availability,
  timeliness,
  rate,
}: WindowQuality): Shown {
  return { observedMs, expected, received, completeness, validity, availability, timeliness, rate };
}
