import { MAX_METRICS, type MetricsInput } from "../resources/quality-metrics.js";
import type { Collections } from "./collections.js";
import type { Posted, PostedMetrics } from "./governance-collections.js";
import { metricsKey, productKey } from "./keys.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import type { TableListener } from "./table.js";

export interface PostedQuality {
  /** By name. */
  of(product: string): readonly Posted[];
  /** Those of other names stay. @throws RegistryError not_found, conflict, too_many */
  post(product: string, input: MetricsInput, by: string): Promise<void>;
  onChange(listener: TableListener<PostedMetrics>): () => void;
}

export function createPostedMetrics(
  { posted: table, products }: Pick<Collections, "posted" | "products">,
  { turns, clock }: StoreParts,
): PostedQuality {
  return {
    of: (product) => table.get(product)?.value.metrics ?? [],
    post: (product, { metrics }, by) =>
      turns.run({ alone: [metricsKey(product)], shared: [productKey(product)] }, async () => {
        const status = products.get(product)?.value.status;
        if (status === undefined) {
          throw new RegistryError("not_found", `there is no data product "${product}"`);
        }
        if (status === "retired") {
          throw new RegistryError(
            "conflict",
            `data product "${product}" is retired: nothing is measured of it`,
          );
        }
        const kept = table.get(product);
        const byName = new Map((kept?.value.metrics ?? []).map((each) => [each.name, each]));
        const at = clock();
        for (const [name, value] of Object.entries(metrics)) byName.set(name, { name, value, at, by });
        if (byName.size > MAX_METRICS) {
          const detail = `metrics: with these there would be ${byName.size}: at most ${MAX_METRICS} are kept`;
          throw new RegistryError("too_many", detail, [{ pointer: "/metrics", detail }]);
        }
        const sorted = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
        const next: PostedMetrics = { product, metrics: sorted };
        const done =
          kept === undefined
            ? await table.insert(product, next)
            : await table.replace(product, kept.version, next);
        if (done === undefined) {
          throw new RegistryError("changed", `metrics of "${product}" were posted by another meanwhile`);
        }
      }),
    onChange: (listener) => table.onChange(listener),
  };
}
