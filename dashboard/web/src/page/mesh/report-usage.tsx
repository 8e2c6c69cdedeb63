import type { MeshReport } from "../../mesh/governance-types.js";
import { productHref } from "../../mesh/place.js";
import { fullTime, timeText } from "../../model/times.js";
import { seconds } from "../../server-clock.js";
import { Table } from "../../view/table.js";

const whole = new Intl.NumberFormat();

/** What is read most, and what nobody reads. */
export function ReportUsage({ usage: { top, unused, unusedCount, days } }: { usage: MeshReport["usage"] }) {
  const now = seconds.value;
  return (
    <div class="columns columns-wide">
      <section class="card" aria-labelledby="most-read">
        <h2 id="most-read">Most read</h2>
        {top.length === 0 ? (
          <p class="empty-line">Nothing was read yet.</p>
        ) : (
          <Table
            class="stacked"
            columns={[
              { label: "Product" },
              { label: "Reads", number: true },
              { label: "Consumers", number: true },
              { label: "Last" },
            ]}
          >
            {top.map(({ product, owner, reads, consumers, lastAt }) => (
              <tr key={product} data-read-most={product}>
                <th scope="row">
                  <a class="break" href={productHref(product)}>
                    {product}
                  </a>{" "}
                  <span class="quiet">{owner}</span>
                </th>
                <td data-label="Reads" class="number">
                  {whole.format(reads)}
                </td>
                <td data-label="Consumers" class="number">
                  {whole.format(consumers)}
                </td>
                <td data-label="Last">
                  <time title={fullTime(lastAt)}>{timeText(lastAt, now)}</time>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </section>
      <section class="card" aria-labelledby="unused">
        <h2 id="unused">Not read in the last {days} days</h2>
        {unused.length === 0 ? (
          <p class="empty-line">Every active product was read.</p>
        ) : (
          <ul class="lineage-list">
            {unused.map(({ product, owner, since, read }) => (
              <li key={product} data-unused={product}>
                <a class="break" href={productHref(product)}>
                  {product}
                </a>
                <span class="quiet">
                  {owner} · {read ? "read last" : "never read, registered"}{" "}
                  <time title={fullTime(since)}>{timeText(since, now)}</time>
                </span>
              </li>
            ))}
          </ul>
        )}
        {unusedCount > unused.length && (
          <p class="quiet">And {whole.format(unusedCount - unused.length)} more.</p>
        )}
      </section>
    </div>
  );
}
