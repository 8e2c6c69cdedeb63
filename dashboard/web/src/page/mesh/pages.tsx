import type { MeshPlace } from "../../mesh/place.js";
import "../../style/mesh.css";
import { CataloguePage } from "./catalogue.js";
import { DomainPage } from "./domain.js";
import { DomainsPage } from "./domains.js";
import { GovernancePage } from "./governance.js";
import { LineagePage } from "./lineage.js";
import { ProductPage } from "./product.js";
import { ProvisionsPage } from "./provisions.js";
import { ReportPage } from "./report.js";
import { RequestsPage } from "./requests.js";

/** The pages of the mesh: one chunk, loaded when one of them is opened. */
export function MeshPages({ place }: { place: MeshPlace }) {
  switch (place.at) {
    case "catalogue":
      return <CataloguePage />;
    case "product":
      return <ProductPage key={place.product} product={place.product} section={place.section} />;
    case "domains":
      return <DomainsPage />;
    case "domain":
      return <DomainPage key={place.domain} domain={place.domain} />;
    case "lineage":
      return <LineagePage />;
    case "requests":
      return <RequestsPage />;
    case "governance":
      return <GovernancePage />;
    case "report":
      return <ReportPage />;
    case "provisions":
      return <ProvisionsPage />;
  }
}
