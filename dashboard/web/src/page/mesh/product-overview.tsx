import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { catalogueSearch } from "../../mesh/catalogue-query.js";
import { domainHref, productHref } from "../../mesh/place.js";
import { streamsOf, streamsOfPort } from "../../mesh/product-streams.js";
import { mayTend } from "../../mesh/rights.js";
import { slaPromises } from "../../mesh/sla.js";
import { type OutputPort, type Product, UNCLAIMED } from "../../mesh/types.js";
import { sensorTitle } from "../../model/catalogue.js";
import { agoText, fullTime } from "../../model/times.js";
import { seconds } from "../../server-clock.js";
import { nodes } from "../../state.js";
import { Fact } from "../../view/fact.js";
import { LiveValue } from "../../view/live-value.js";
import { Table } from "../../view/table.js";
import { useRead } from "../../view/use-read.js";
import { ClaimDialog } from "./claim.js";
import { Conflicts } from "./conflicts.js";
import type { ProductProps } from "./product.js";
import { EditDialog } from "./product-edit.js";
import { RetireDialog } from "./product-retire.js";

/** What a product is, where its data comes out, and what can be done about it. */
export function ProductOverview(props: ProductProps) {
  const { product } = props;
  return (
    <>
      <Conflicts product={product} />
      <Actions {...props} />
      <div class="columns columns-wide">
        <section class="card" aria-labelledby="about">
          <h2 id="about">About</h2>
          <About product={product} />
        </section>
        <section class="card" aria-labelledby="promises-made">
          <h2 id="promises-made">Promises</h2>
          <Promises product={product} />
        </section>
      </div>
      <section class="card" aria-labelledby="ports">
        <h2 id="ports">Where the data comes out</h2>
        <Ports product={product} />
      </section>
    </>
  );
}

function Actions({ product, etag, reload }: ProductProps) {
  const domain = useRead(`domain ${product.domain}`, (signal) => mesh.domain(product.domain, signal));
  const open = useSignal<"claim" | "edit" | "retire" | undefined>(undefined);
  if (!mayTend(product, domain.data?.value)) return null;
  const close = (): void => {
    open.value = undefined;
  };
  const retired = product.status === "retired";
  return (
    <div class="toolbar">
      {product.owner === UNCLAIMED && (
        <button type="button" class="button button-primary" onClick={() => (open.value = "claim")}>
          Claim this stream
        </button>
      )}
      <button type="button" class="button" onClick={() => (open.value = "edit")}>
        Edit
      </button>
      {!retired && (
        <button type="button" class="button button-danger" onClick={() => (open.value = "retire")}>
          Retire…
        </button>
      )}
      {open.value === "claim" && <ClaimDialog product={product} onClose={close} onClaimed={reload} />}
      {open.value === "edit" && <EditDialog product={product} etag={etag} onClose={close} reload={reload} />}
      {open.value === "retire" && (
        <RetireDialog product={product} etag={etag} onClose={close} reload={reload} />
      )}
    </div>
  );
}

function About({ product }: { product: Product }) {
  const { domain, owner, description, tags, observed, inputPorts, metadata, createdAt, updatedAt } = product;
  const now = seconds.value;
  return (
    <>
      <p class={description === "" ? "quiet" : "prose"}>{description || "Nobody has described it yet."}</p>
      <dl class="facts">
        <Fact term="Domain">
          <a href={domainHref(domain)}>{domain}</a>
        </Fact>
        <Fact term="Owner">{owner === UNCLAIMED ? "nobody has claimed it" : owner}</Fact>
        {tags.length > 0 && (
          <Fact term="Tags">
            <span class="tag-row">
              {tags.map((tag) => (
                <a key={tag} class="tag" href={`/mesh${catalogueSearch({ tag })}`}>
                  {tag}
                </a>
              ))}
            </span>
          </Fact>
        )}
        {inputPorts.length > 0 && (
          <Fact term="Made of">
            {inputPorts.map((port, i) => (
              <span key={port.product}>
                {i > 0 && ", "}
                <a href={productHref(port.product)}>{port.product}</a>
              </span>
            ))}
          </Fact>
        )}
        {observed !== undefined && (
          <Fact term="Seen">
            stream <code class="break">{observed.stream}</code> of node {observed.node}
            {observed.unit === undefined ? "" : `, in ${observed.unit}`}, {agoText(observed.seenAt, now)}
          </Fact>
        )}
        <Fact term="Registered">
          <time title={fullTime(createdAt)}>{fullTime(createdAt)}</time>
          {updatedAt > createdAt && <span class="quiet">, changed {agoText(updatedAt, now)}</span>}
        </Fact>
        {Object.entries(metadata).map(([name, value]) => (
          <Fact key={name} term={name}>
            <span class="break">{typeof value === "string" ? value : JSON.stringify(value)}</span>
          </Fact>
        ))}
      </dl>
    </>
  );
}

function Promises({ product }: { product: Product }) {
  const promises = slaPromises(product.sla);
  if (promises.length === 0) return <p class="empty-line">Nothing is promised of it.</p>;
  return (
    <>
      <dl class="facts">
        {promises.map(({ name, word, promise }) => (
          <Fact key={name} term={word}>
            {promise}
          </Fact>
        ))}
      </dl>
      <p class="quiet">
        <a href={productHref(product.id, "quality")}>What was kept of them</a>
      </p>
    </>
  );
}

function Ports({ product }: { product: Product }) {
  const { outputPorts } = product;
  const known = nodes.value ?? new Map();
  if (outputPorts.length === 0) {
    const [own] = streamsOf(known, product);
    if (own === undefined) return <p class="empty-line">No port is declared, so nobody can read it yet.</p>;
    return (
      <p>
        No port is declared. Its stream now: <LiveValue placed={own} />
      </p>
    );
  }
  return (
    <Table
      class="stacked"
      columns={[{ label: "Port" }, { label: "Kind" }, { label: "Address" }, { label: "Now" }]}
    >
      {outputPorts.map((port) => (
        <tr key={port.name} data-port={port.name}>
          <th scope="row">{port.name}</th>
          <td data-label="Kind">{port.kind === "mqtt" ? "MQTT topics" : "HTTP"}</td>
          <td data-label="Address" class="wide-cell">
            {port.kind === "mqtt" ? (
              <code class="break">{port.topicFilter}</code>
            ) : (
              <a class="break" href={port.address} target="_blank" rel="noreferrer">
                {port.address}
              </a>
            )}
          </td>
          <td data-label="Now">
            <PortNow port={port} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function PortNow({ port }: { port: OutputPort }) {
  if (port.kind === "http") return <span class="quiet">–</span>;
  if (nodes.value === undefined) return <span class="quiet">…</span>;
  const found = streamsOfPort(nodes.value, port);
  if (found.length === 0) return <span class="quiet">nothing comes here</span>;
  return (
    <span class="live-list">
      {found.map((placed) => (
        <LiveValue
          key={placed.sensor.stream}
          placed={placed}
          named={found.length > 1 ? sensorTitle(placed.sensor) : undefined}
        />
      ))}
    </span>
  );
}
