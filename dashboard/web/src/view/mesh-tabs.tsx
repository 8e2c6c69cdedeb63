import { type MeshPlace, meshHref } from "../mesh/place.js";

type MeshPage = Exclude<MeshPlace, { at: "product" } | { at: "domain" }>;

const TABS: { page: MeshPage; word: string }[] = [
  { page: { at: "catalogue" }, word: "Catalogue" },
  { page: { at: "domains" }, word: "Domains" },
  { page: { at: "lineage" }, word: "Lineage" },
];

/** The pages of the mesh beside one another. */
export function MeshTabs({ at }: { at: MeshPage["at"] }) {
  return (
    <nav class="tabs mesh-tabs" aria-label="Data products">
      {TABS.map(({ page, word }) => (
        <a key={page.at} href={meshHref(page)} aria-current={page.at === at ? "page" : undefined}>
          {word}
        </a>
      ))}
    </nav>
  );
}
