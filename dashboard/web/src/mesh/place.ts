/** Where one is among the pages of the mesh: what comes behind `/mesh`. */
export type MeshPlace =
  | { at: "catalogue" }
  | { at: "product"; product: string; section: ProductSection }
  | { at: "domains" }
  | { at: "domain"; domain: string }
  | { at: PlainPage };

/** Pages whose address is their name. */
const PLAIN = ["lineage", "requests", "governance", "report", "provisions"] as const;
type PlainPage = (typeof PLAIN)[number];

export const PRODUCT_SECTIONS = ["overview", "contract", "access", "quality", "lineage"] as const;
export type ProductSection = (typeof PRODUCT_SECTIONS)[number];

/** The levels of a path behind `/mesh`; undefined when there is no such page. */
export function parseMeshPlace(parts: readonly string[]): MeshPlace | undefined {
  const [first, second, third = "overview"] = parts;
  if (first === undefined) return { at: "catalogue" };
  if (first === "products" && second !== undefined && parts.length <= 3) {
    const section = PRODUCT_SECTIONS.find((name) => name === third);
    return section === undefined ? undefined : { at: "product", product: second, section };
  }
  if (first === "domains" && parts.length <= 2)
    return second === undefined ? { at: "domains" } : { at: "domain", domain: second };
  if (parts.length > 1) return undefined;
  const at = PLAIN.find((name) => name === first);
  return at === undefined ? undefined : { at };
}

/** The address of a place; what stands behind it, as filters, is added by who links. */
export function meshHref(place: MeshPlace): string {
  switch (place.at) {
    case "catalogue":
      return "/mesh";
    case "product": {
      const href = `/mesh/products/${encodeURIComponent(place.product)}`;
      return place.section === "overview" ? href : `${href}/${place.section}`;
    }
    case "domain":
      return `/mesh/domains/${encodeURIComponent(place.domain)}`;
    case "domains":
    case "lineage":
    case "requests":
    case "governance":
    case "report":
    case "provisions":
      return `/mesh/${place.at}`;
  }
}

export function productHref(product: string, section: ProductSection = "overview"): string {
  return meshHref({ at: "product", product, section });
}

export function domainHref(domain: string): string {
  return meshHref({ at: "domain", domain });
}

/** The graph around one product. */
export function lineageHref(product: string): string {
  return `${meshHref({ at: "lineage" })}?around=${encodeURIComponent(product)}`;
}
