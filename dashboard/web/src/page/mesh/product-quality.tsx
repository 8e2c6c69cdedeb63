import { measured } from "../../history/measured.js";
import { mesh } from "../../mesh/api.js";
import { productHref } from "../../mesh/place.js";
import { streamsOf } from "../../mesh/product-streams.js";
import { slaPromises } from "../../mesh/sla.js";
import type { Product } from "../../mesh/types.js";
import { nodeTitle, type Placed, sensorTitle } from "../../model/catalogue.js";
import { promisesHref } from "../../router.js";
import { hello, nodes } from "../../state.js";
import { Read } from "../../view/read.js";
import { usePolled } from "../../view/use-polled.js";
import { useRead } from "../../view/use-read.js";
import { Promises } from "../stream-promises.js";
import { ComplianceCard, ComplianceHistory } from "./compliance.js";
import type { ProductProps } from "./product.js";
import { RulesTable } from "./rules-table.js";

/** The policy that a product's own promises are. */
const SLA_POLICY = "sla";
/** Streams whose budgets are shown here; each has its own page. */
const MOST_STREAMS = 4;

/** What a product promises against what was measured of it, and how it stands against every policy. */
export function ProductQuality({ product }: ProductProps) {
  const { id } = product;
  const reading = useRead(`compliance ${id}`, (signal) => mesh.compliance(id, signal));
  const promised = slaPromises(product.sla).length > 0;
  return (
    <>
      <section class="card" aria-labelledby="promise-against">
        <div class="card-head">
          <h2 id="promise-against">Promise against measurement</h2>
          <a href="/quality">Service levels</a>
        </div>
        {promised ? (
          <Read reading={reading} missing="This registry does not judge products.">
            {({ rules }) => (
              <RulesTable
                title="Promise"
                rules={rules.filter(({ policy }) => policy === SLA_POLICY)}
                named={({ rule }) => <PromiseWords product={product} rule={rule} />}
              />
            )}
          </Read>
        ) : (
          <p class="empty-line">
            Nothing is promised of it, so there is nothing to hold it to.{" "}
            <a href={productHref(id)}>Its owner can promise something.</a>
          </p>
        )}
      </section>
      <Streams product={product} />
      <ComplianceCard product={product} reading={reading} ownPolicy={SLA_POLICY} />
      <ComplianceHistory product={id} />
    </>
  );
}

/** The rule that the registry made of a promise begins with its name. */
function PromiseWords({ product, rule }: { product: Product; rule: string }) {
  const found = slaPromises(product.sla).find(({ name }) => rule.startsWith(name));
  if (found === undefined) return <code>{rule}</code>;
  return (
    <>
      {found.word} <span class="promised">{found.promise}</span>
    </>
  );
}

function Streams({ product }: { product: Product }) {
  const placed = streamsOf(nodes.value ?? new Map(), product);
  if (placed.length === 0 || hello.value?.history === false) return null;
  return (
    <div class="columns columns-wide">
      {placed.slice(0, MOST_STREAMS).map((one) => (
        <StreamCard key={one.sensor.stream} placed={one} />
      ))}
      {placed.length > MOST_STREAMS && (
        <p class="quiet">
          {placed.length - MOST_STREAMS} more of its streams are among the{" "}
          <a href="/quality">service levels</a>.
        </p>
      )}
    </div>
  );
}

const EVERY_MS = 10_000; // ms

/** What the historian measures of one of its streams. */
function StreamCard({ placed: { node, sensor } }: { placed: Placed }) {
  const { stream } = sensor;
  const polled = usePolled(stream, (signal) => measured.report(stream, signal), EVERY_MS);
  const { data, problem } = polled.value;
  return (
    <section class="card" aria-label={`Error budgets of ${stream}`} data-measured={stream}>
      <div class="card-head">
        <h3>
          {nodeTitle(node)} / {sensorTitle(sensor)}
        </h3>
        <a href={promisesHref(stream)}>Its ledger and measurements</a>
      </div>
      {problem !== undefined && <p class="quiet">{problem}</p>}
      {data !== undefined && <Promises report={data} />}
      {data === undefined && problem === undefined && <p class="empty-line">Nothing was measured yet.</p>}
    </section>
  );
}
