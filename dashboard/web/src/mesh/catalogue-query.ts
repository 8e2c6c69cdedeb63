import { FACETS, type FacetName, UNCLAIMED } from "./types.js";

/** What is looked for in the catalogue; kept in the address, so that a link shows the same. */
export type CatalogueQuery = { [name in "q" | FacetName]?: string | undefined };

export function readCatalogueQuery(search: string): CatalogueQuery {
  const given = new URLSearchParams(search);
  const query: CatalogueQuery = {};
  for (const name of ["q", ...FACETS] as const) {
    const value = given.get(name)?.trim();
    if (value !== undefined && value !== "") query[name] = value;
  }
  return query;
}

/** As it stands behind the path: "" for everything. */
export function catalogueSearch(query: CatalogueQuery): string {
  const params = toParams(query);
  return params.size === 0 ? "" : `?${params}`;
}

/** As the registry is asked. */
export function toParams(query: CatalogueQuery): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of ["q", ...FACETS] as const) {
    const value = query[name];
    if (value !== undefined && value !== "") params.set(name, value);
  }
  return params;
}

/** Streams that were seen and that nobody has claimed yet. */
export const UNCLAIMED_STREAMS: CatalogueQuery = { status: "draft", owner: UNCLAIMED };

export function asksForUnclaimed({ status, owner }: CatalogueQuery): boolean {
  return status === UNCLAIMED_STREAMS.status && owner === UNCLAIMED_STREAMS.owner;
}
