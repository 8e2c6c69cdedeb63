import { MeshTabs } from "../../view/mesh-tabs.js";
import { PageTitle } from "../../view/page-title.js";

export function LineagePage() {
  return (
    <div class="page-head">
      <PageTitle title="Lineage" />
      <MeshTabs at="lineage" />
    </div>
  );
}
