import { mesh } from "../../mesh/api.js";
import { domainHref, PRODUCT_SECTIONS, type ProductSection, productHref } from "../../mesh/place.js";
import type { Tagged } from "../../mesh/request.js";
import type { Product } from "../../mesh/types.js";
import { StatusBadge, VisibilityBadge } from "../../view/mesh-badges.js";
import { PageTitle } from "../../view/page-title.js";
import { Read } from "../../view/read.js";
import { Tabs } from "../../view/tabs.js";
import { type Reading, useRead } from "../../view/use-read.js";
import { ProductAccessPart } from "./product-access.js";
import { ProductContract } from "./product-contract.js";
import { ProductLineage } from "./product-lineage.js";
import { ProductOverview } from "./product-overview.js";
import { ProductQuality } from "./product-quality.js";

const SECTION_WORD: Record<ProductSection, string> = {
  overview: "Overview",
  contract: "Contract",
  access: "Access",
  quality: "Quality",
  lineage: "Lineage",
};

/** What a part of a product's page is given. */
export interface ProductProps {
  product: Product;
  /** Goes with a change of it. */
  etag: string;
  /** Reads the product again, as after a change. */
  reload: () => Promise<void>;
}

/** One data product: what it promises, who reads it, what it is made of. */
export function ProductPage({ product, section }: { product: string; section: ProductSection }) {
  const reading = useRead(product, (signal) => mesh.product(product, signal));
  const told = reading.data?.value;
  return (
    <>
      <div class="page-head">
        <nav class="crumbs" aria-label="Where you are">
          <a href="/mesh">Data products</a>
          {told !== undefined && (
            <>
              {" "}
              <span aria-hidden="true">/</span> <a href={domainHref(told.domain)}>{told.domain}</a>
            </>
          )}
        </nav>
        <PageTitle title={product}>
          <span class="break">{product}</span>
        </PageTitle>
        {told !== undefined && (
          <>
            <StatusBadge status={told.status} />
            <VisibilityBadge visibility={told.visibility} />
          </>
        )}
        <Tabs
          label="Parts of this product"
          current={section}
          tabs={PRODUCT_SECTIONS.map((one) => ({
            key: one,
            href: productHref(product, one),
            word: SECTION_WORD[one],
          }))}
        />
      </div>
      <Shown reading={reading} section={section} />
    </>
  );
}

function Shown({ reading, section }: { reading: Reading<Tagged<Product>>; section: ProductSection }) {
  return (
    <Read reading={reading}>
      {({ value, etag }) => {
        const props: ProductProps = { product: value, etag, reload: reading.reload };
        switch (section) {
          case "overview":
            return <ProductOverview {...props} />;
          case "contract":
            return <ProductContract {...props} />;
          case "access":
            return <ProductAccessPart {...props} />;
          case "quality":
            return <ProductQuality {...props} />;
          case "lineage":
            return <ProductLineage {...props} />;
        }
      }}
    </Read>
  );
}
