import { IdTakenError, IndexError, type Page } from "@fieldmesh/storage";
import { judgeRelease } from "../compatibility/release.js";
import { readSchema } from "../compatibility/short-forms.js";
import type { OpenObject } from "../resources/fields.js";
import type { Version, VersionInput } from "../resources/version.js";
import { type Collections, parseOpen, type VersionDocument } from "./collections.js";
import { productKey, versionId, versionsKey } from "./keys.js";
import type { NewestPolicies } from "./newest-policies.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";

export interface VersionPage {
  items: Version[];
  total: number;
  next?: string;
}

export interface Versions {
  /** Number of the newest; undefined where none is published. */
  newest(product: string): string | undefined;
  /** JSON Schema of the newest, as text; undefined where none is published. */
  newestSchema(product: string): string | undefined;
  /** Told of the product of which a version was published. Answers how to stop. */
  onPublish(listener: (product: string) => void): () => void;
  /** Newest first. @throws RegistryError not_found; QueryError when `after` is no cursor of this list */
  list(
    product: string,
    page: { after?: string | undefined; offset?: number | undefined; limit: number },
  ): Promise<VersionPage>;
  /** @throws RegistryError not_found */
  get(product: string, version: string): Promise<Version>;
  /**
   * Versions never change. What breaks consumers of the version before needs a new major version.
   * @throws RegistryError not_found, invalid_schema, exists, conflict, breaking, too_many
   */
  publish(product: string, input: VersionInput, by: string): Promise<Version>;
}

export function createVersions(
  { products, versions }: Pick<Collections, "products" | "versions">,
  newestPolicies: Pick<NewestPolicies, "published" | "versionOf" | "schemaOf" | "onVersion">,
  { turns, clock, limits }: StoreParts,
): Versions {
  const checkProduct = (id: string): void => {
    if (products.get(id) === undefined) {
      throw new RegistryError("not_found", `there is no data product "${id}"`);
    }
  };
  const find = (product: string, limit: number, after?: string): Promise<Page<VersionDocument>> =>
    versions.find({ index: "sequence", equals: [product], order: "descending", limit, after });
  return {
    newest: (product) => newestPolicies.versionOf(product),
    newestSchema: (product) => newestPolicies.schemaOf(product),
    onPublish: (listener) => newestPolicies.onVersion(listener),
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
    publish: (product, input, by) =>
      turns.run({ alone: [versionsKey(product)], shared: [productKey(product)] }, async () => {
        checkProduct(product);
        if (products.get(product)?.value.status === "retired") {
          throw new RegistryError(
            "conflict",
            `data product "${product}" is retired: nothing more is published`,
          );
        }
        const schema = schemaOf(input);
        const published = (await find(product, limits.versionsOfProduct)).items.map(
          ({ document }) => document,
        );
        judge(published, { ...input, schema });
        const sequence = (published[0]?.sequence ?? 0) + 1;
        if (sequence > limits.versionsOfProduct) {
          throw new RegistryError("too_many", `there are ${sequence - 1} versions: no more are kept`);
        }
        const version: Version = { product, ...input, schema, publishedAt: clock(), publishedBy: by };
        const document: VersionDocument = { ...version, schema: JSON.stringify(version.schema), sequence };
        try {
          await versions.insert(versionId(product, input.version), document);
        } catch (error) {
          if (!(error instanceof IdTakenError || error instanceof IndexError)) throw error;
          throw new RegistryError("changed", `another version of "${product}" was published meanwhile`);
        }
        newestPolicies.published(document);
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

/** Also short forms, as JSON Schema. @throws RegistryError invalid_schema */
function schemaOf({ schema }: VersionInput): OpenObject {
  const read = readSchema(schema);
  if (read.ok && typeof read.schema === "object") return { ...read.schema };
  const faults = read.ok ? [] : read.faults;
  const details = faults.map(({ path, message }) => `schema${path === "" ? "" : `.${path}`}: ${message}`);
  throw new RegistryError(
    "invalid_schema",
    details[0] ?? "schema: expected a JSON Schema or fields",
    details.map((detail) => ({ pointer: "/schema", detail })),
  );
}

/** @throws RegistryError exists, conflict, breaking */
function judge(published: readonly VersionDocument[], next: VersionInput): void {
  const releases = published.map(({ version, schema }) => ({ version, schema: parseOpen(schema) }));
  const verdict = judgeRelease(releases, next, next);
  if (verdict.ok) return;
  const { breaks, cause, detail } = verdict;
  if (cause === "breaking") {
    const faults = breaks.map(({ path, why }) => ({ pointer: "/schema", detail: `${path}: ${why}` }));
    throw new RegistryError("breaking", detail, faults);
  }
  const at = [{ pointer: "/version", value: next.version }];
  throw new RegistryError(cause === "exists" ? "exists" : "conflict", detail, at);
}
