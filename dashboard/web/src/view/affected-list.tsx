import { affectedText, consumersText, hiddenText } from "../mesh/affected-words.js";
import { governance } from "../mesh/governance.js";
import type { ImpactReport } from "../mesh/governance-types.js";
import { productHref } from "../mesh/place.js";
import { Read } from "./read.js";
import { useRead } from "./use-read.js";

/** The registry takes no more at once. */
const MOST_STREAMS = 1_000;
const EVERY_MS = 30_000; // ms

/** Products that come of these streams, what is made of them, whose they are and who reads them. */
export function AffectedList({ streams }: { streams: readonly string[] }) {
  const asked = streams.slice(0, MOST_STREAMS);
  const reading = useRead(asked.join(" "), () => governance.impact(asked), EVERY_MS);
  return (
    <Read reading={reading}>
      {(report) => {
        const hidden = hiddenText(report);
        return (
          <div class="affected-what" data-affected>
            <p role="status">{affectedText(report)}</p>
            <ul class="affected-list">
              {report.products.map((one) => (
                <AffectedItem key={one.product} affected={one} how="the data itself" />
              ))}
              {report.downstream.map((one) => (
                <AffectedItem key={one.product} affected={one} how={howText(one)} />
              ))}
            </ul>
            {hidden !== undefined && <p class="quiet">{hidden}</p>}
          </div>
        );
      }}
    </Read>
  );
}

function howText({ depth, via }: ImpactReport["downstream"][number]): string {
  const by = via === null ? "of a private product" : `of ${via}`;
  return depth === 1 ? `made ${by}` : `made ${by}, ${depth} steps away`;
}

function AffectedItem({
  affected: { product, owner, domain, ...readers },
  how,
}: {
  affected: ImpactReport["products"][number];
  how: string;
}) {
  return (
    <li data-affected-product={product}>
      <a class="break" href={productHref(product)}>
        {product}
      </a>{" "}
      <span class="quiet">
        · {owner} of {domain} · {how} · {consumersText(readers)}
      </span>
    </li>
  );
}
