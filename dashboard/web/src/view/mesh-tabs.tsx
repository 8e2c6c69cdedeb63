import { type MeshPlace, meshHref } from "../mesh/place.js";
import { Tabs } from "./tabs.js";
import { WaitingCounter } from "./waiting-counter.js";

type MeshPage = Exclude<MeshPlace, { at: "product" } | { at: "domain" }>;

const PAGES: { page: MeshPage; word: string }[] = [
  { page: { at: "catalogue" }, word: "Catalogue" },
  { page: { at: "domains" }, word: "Domains" },
  { page: { at: "lineage" }, word: "Lineage" },
  { page: { at: "requests" }, word: "Access requests" },
  { page: { at: "governance" }, word: "Governance" },
  { page: { at: "report" }, word: "Report" },
  { page: { at: "provisions" }, word: "Provisioning" },
];
const TABS = PAGES.map(({ page, word }) => ({
  key: page.at,
  href: meshHref(page),
  word,
  ...(page.at === "requests" ? { counted: <WaitingCounter /> } : {}),
}));

/** The pages of the mesh beside one another. */
export function MeshTabs({ at }: { at: MeshPage["at"] }) {
  return <Tabs label="Data products" tabs={TABS} current={at} />;
}
