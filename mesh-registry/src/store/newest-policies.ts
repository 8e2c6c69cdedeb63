import type { Collection } from "@fieldmesh/storage";
import type { AccessPolicy } from "../resources/access-policy.js";
import type { VersionDocument } from "./collections.js";

/** The access policy of the newest version of a product. */
export interface NewestPolicy {
  version: string;
  policy: AccessPolicy;
}

/** Access policies of the newest versions, in memory: every decision about access asks for one. */
export interface NewestPolicies {
  /** Undefined where the newest version has none, or there is no version. */
  of(product: string): NewestPolicy | undefined;
  /** Number of the newest version; undefined where there is none. */
  versionOf(product: string): string | undefined;
  /** JSON Schema of the newest version, as text; undefined where there is none. */
  schemaOf(product: string): string | undefined;
  /** Takes over what was just published. */
  published(version: Pick<VersionDocument, "product" | "version" | "accessPolicy" | "schema">): void;
  /** Told of the product whose policy is another now. Answers how to stop. */
  onChange(listener: (product: string) => void): () => void;
  /** Told of the product of which a version was published. Answers how to stop. */
  onVersion(listener: (product: string) => void): () => void;
}

const READ_AT_ONCE = 1_000;

/** Reads every version once: that of the highest sequence counts. */
export async function readNewestPolicies(versions: Collection<VersionDocument>): Promise<NewestPolicies> {
  const newest = new Map<string, NewestPolicy>();
  const numbers = new Map<string, string>();
  const schemas = new Map<string, string>();
  const listeners = new Set<(product: string) => void>();
  const versionListeners = new Set<(product: string) => void>();
  const take = (newer: Parameters<NewestPolicies["published"]>[0]): boolean => {
    const { product, version, accessPolicy, schema } = newer;
    numbers.set(product, version);
    schemas.set(product, schema);
    if (accessPolicy === undefined) return newest.delete(product);
    newest.set(product, { version, policy: accessPolicy });
    return true;
  };
  let after: string | undefined;
  do {
    // By product, and of one product by sequence.
    const page = await versions.find({ index: "sequence", limit: READ_AT_ONCE, after });
    for (const { document } of page.items) take(document);
    after = page.next;
  } while (after !== undefined);
  return {
    of: (product) => newest.get(product),
    versionOf: (product) => numbers.get(product),
    schemaOf: (product) => schemas.get(product),
    published(version) {
      const isNews = take(version);
      for (const listener of versionListeners) listener(version.product);
      if (!isNews) return;
      for (const listener of listeners) listener(version.product);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onVersion(listener) {
      versionListeners.add(listener);
      return () => versionListeners.delete(listener);
    },
  };
}
