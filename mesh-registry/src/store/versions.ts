import { IdTakenError, IndexError, type Page } from "@fieldmesh/storage";
import type { Version, VersionInput } from "../resources/version.js";
import { type Collections, parseOpen, type VersionDocument } from "./collections.js";
import { productKey, versionId, versionsKey } from "./keys.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";

export interface VersionPage {
  items: Version[];
  total: number;
  next?: string;
}

export interface Versions {
  /** Newest first. @throws RegistryError not_found; QueryError when `after` is no cursor of this list */
  list(
    product: string,
    page: { after?: string | undefined; offset?: number | undefined; limit: number },
  ): Promise<VersionPage>;
  /** @throws RegistryError not_found */
  get(product: string, version: string): Promise<Version>;
  latest(product: string): Promise<Version | undefined>;
  /** Versions never change. @throws RegistryError not_found, exists, conflict, too_many */
  publish(product: string, input: VersionInput, by: string): Promise<Version>;
}

export function createVersions(
  { products, versions }: Pick<Collections, "products" | "versions">,
  { turns, clock, limits }: StoreParts,
): Versions {
  const checkProduct = (id: string): void => {
    if (products.get(id) === undefined) {
      throw new RegistryError("not_found", `there is no data product "${id}"`);
    }
  };
  const find = (product: string, limit: number, after?: string): Promise<Page<VersionDocument>> =>
    versions.find({ index: "sequence", equals: [product], order: "descending", limit, after });
  const latest = async (product: string): Promise<VersionDocument | undefined> =>
    (await find(product, 1)).items[0]?.document;
  return {
    async list(product, { after, offset = 0, limit }) {
      checkProduct(product);
      const total = await versions.count("sequence", [product]);
      if (offset >= total) return { items: [], total };
      const start = offset === 0 ? after : (await find(product, offset)).next; // below what one page may have
      const { items, next } = await find(product, limit, start);
      const found = items.map(({ document }) => decode(document));
      return { items: found, total, ...(next === undefined ? {} : { next }) };
    },
    async get(product, version) {
      checkProduct(product);
      const stored = await versions.get(versionId(product, version));
      if (stored !== undefined) return decode(stored.document);
      throw new RegistryError("not_found", `there is no version ${version} of data product "${product}"`);
    },
    async latest(product) {
      const document = await latest(product);
      return document === undefined ? undefined : decode(document);
    },
    publish: (product, input, by) =>
      turns.run({ alone: [versionsKey(product)], shared: [productKey(product)] }, async () => {
        checkProduct(product);
        if (products.get(product)?.value.status === "retired") {
          throw new RegistryError(
            "conflict",
            `data product "${product}" is retired: nothing more is published`,
          );
        }
        const last = await latest(product);
        if (last !== undefined && !isAbove(input.version, last.version)) {
          const detail = `version: expected one above ${last.version}, which was published last`;
          const isTaken = (await versions.get(versionId(product, input.version))) !== undefined;
          throw new RegistryError(isTaken ? "exists" : "conflict", detail, {
            pointer: "/version",
            value: input.version,
          });
        }
        const sequence = (last?.sequence ?? 0) + 1;
        if (sequence > limits.versionsOfProduct) {
          throw new RegistryError("too_many", `there are ${sequence - 1} versions: no more are kept`);
        }
        const version: Version = { product, ...input, publishedAt: clock(), publishedBy: by };
        try {
          await versions.insert(versionId(product, input.version), {
            ...version,
            schema: JSON.stringify(version.schema),
            sequence,
          });
        } catch (error) {
          if (!(error instanceof IdTakenError || error instanceof IndexError)) throw error;
          throw new RegistryError("changed", `another version of "${product}" was published meanwhile`);
        }
        return version;
      }),
  };
}

function decode(document: VersionDocument): Version {
  const { product, version, accessPolicy, changelog, compatibility, strict, publishedAt, publishedBy } =
    document;
  return {
    product,
    version,
    schema: parseOpen(document.schema),
    ...(accessPolicy === undefined ? {} : { accessPolicy }),
    changelog,
    compatibility,
    strict,
    publishedAt,
    publishedBy,
  };
}

/** Both as 1.2.3. */
function isAbove(version: string, than: string): boolean {
  const parts = (text: string): number[] => text.split(".").map(Number);
  const lower = parts(than);
  for (const [position, part] of parts(version).entries()) {
    const other = lower[position] ?? 0;
    if (part !== other) return part > other;
  }
  return false;
}
