import { useSignal } from "@preact/signals";
import { catalogueSearch } from "../../mesh/catalogue-query.js";
import { domainHref, productHref } from "../../mesh/place.js";
import { streamsOf } from "../../mesh/product-streams.js";
import { mayTend } from "../../mesh/rights.js";
import { type ComplianceState, type Product, UNCLAIMED } from "../../mesh/types.js";
import { nodes } from "../../state.js";
import { LiveValue } from "../../view/live-value.js";
import { ComplianceBadge, StatusBadge, VisibilityBadge } from "../../view/mesh-badges.js";
import { ClaimDialog } from "./claim.js";

/** A product in a list. */
export function ProductRow({
  product,
  compliance,
  onClaimed,
}: {
  product: Product;
  compliance: ComplianceState | undefined;
  onClaimed: () => Promise<void>;
}) {
  const claiming = useSignal(false);
  const { id, domain, owner, description, tags, status, visibility } = product;
  const unclaimed = owner === UNCLAIMED;
  return (
    <li class="product-row" data-product={id}>
      <div class="product-what">
        <h2 class="product-name">
          <a class="break" href={productHref(id)}>
            {id}
          </a>
        </h2>
        <p class="product-badges">
          <StatusBadge status={status} />
          <VisibilityBadge visibility={visibility} />
          {compliance !== undefined && <ComplianceBadge state={compliance} />}
        </p>
        {description !== "" && <p class="product-description">{description}</p>}
        <p class="product-meta quiet">
          <a href={domainHref(domain)}>{domain}</a>
          <span>{unclaimed ? "nobody has claimed it" : `owner ${owner}`}</span>
          {tags.map((tag) => (
            <a key={tag} class="tag" href={`/mesh${catalogueSearch({ tag })}`}>
              {tag}
            </a>
          ))}
        </p>
      </div>
      <div class="product-side">
        <LiveHint product={product} />
        {unclaimed && mayTend(product, undefined) && (
          <button type="button" class="button button-small" onClick={() => (claiming.value = true)}>
            Claim
          </button>
        )}
      </div>
      {claiming.value && (
        <ClaimDialog product={product} onClose={() => (claiming.value = false)} onClaimed={onClaimed} />
      )}
    </li>
  );
}

function LiveHint({ product }: { product: Product }) {
  const [first, ...more] = streamsOf(nodes.value ?? new Map(), product);
  if (first === undefined) return null;
  return (
    <p class="live-hint">
      <LiveValue placed={first} />
      {more.length > 0 && <span class="quiet">and {more.length} more</span>}
    </p>
  );
}
