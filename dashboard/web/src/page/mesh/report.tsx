import { governance, reportHref } from "../../mesh/governance.js";
import type { MeshReport } from "../../mesh/governance-types.js";
import { domainHref, meshHref } from "../../mesh/place.js";
import { fullTime, timeText } from "../../model/times.js";
import { seconds } from "../../server-clock.js";
import { Fact } from "../../view/fact.js";
import { Download } from "../../view/icons.js";
import { VerdictBadge } from "../../view/mesh-badges.js";
import { MeshTabs } from "../../view/mesh-tabs.js";
import { PageTitle } from "../../view/page-title.js";
import { Read } from "../../view/read.js";
import { Table } from "../../view/table.js";
import { useRead } from "../../view/use-read.js";
import { ReportUsage } from "./report-usage.js";
import { ReportConflicts, ReportViolations } from "./report-violations.js";

const EVERY_MS = 60_000; // ms
const whole = new Intl.NumberFormat();
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });

/** The mesh as a whole, as far as the user may see it. */
export function ReportPage() {
  const reading = useRead("report", governance.report, EVERY_MS);
  return (
    <>
      <div class="page-head">
        <PageTitle title="Mesh report" />
        <MeshTabs at="report" />
        <div class="button-row page-head-end">
          <a class="button" href={reportHref("markdown")} download="mesh-report.md">
            <Download /> Markdown
          </a>
          <a class="button" href={reportHref("json")} download="mesh-report.json">
            <Download /> JSON
          </a>
        </div>
      </div>
      <Read reading={reading}>
        {(report) => (
          <>
            <Totals report={report} />
            <ReportViolations report={report} />
            <ReportConflicts report={report} />
            <Domains report={report} />
            <ReportUsage usage={report.usage} />
          </>
        )}
      </Read>
    </>
  );
}

function Totals({ report: { at, totals, compliance, lineage } }: { report: MeshReport }) {
  const { byStatus } = totals;
  const others = (["draft", "deprecated", "inactive"] as const)
    .filter((status) => byStatus[status] > 0)
    .map((status) => `${whole.format(byStatus[status])} ${status}`);
  return (
    <div class="columns">
      <section class="card" aria-labelledby="totals">
        <div class="card-head">
          <h2 id="totals">What there is</h2>
          <span class="quiet">
            as of <time title={fullTime(at)}>{timeText(at, seconds.value)}</time>
          </span>
        </div>
        <dl class="facts" data-totals>
          <Fact term="Domains">{whole.format(totals.domains)}</Fact>
          <Fact term="Products">
            {whole.format(totals.products)}
            <span class="quiet">
              {" "}
              · {whole.format(byStatus.active)} active{others.length > 0 && `, ${others.join(", ")}`}
            </span>
          </Fact>
          <Fact term="Consumers">{whole.format(totals.consumers)}</Fact>
          <Fact term="Policies">{whole.format(totals.policies)}</Fact>
          <Fact term="Lineage">
            {lineage.steps === 0
              ? "no product is made of another"
              : `${counted(lineage.steps, "step")} between ${counted(lineage.products, "product")}, at most ${lineage.longest} one after another`}
            {lineage.confidence !== null && `, on average ${percent.format(lineage.confidence)} sure`}
          </Fact>
        </dl>
      </section>
      <section class="card" aria-labelledby="complying">
        <div class="card-head">
          <h2 id="complying">Compliance</h2>
          <a href={meshHref({ at: "governance" })}>Products against policies</a>
        </div>
        <ul class="report-states">
          {(["pass", "fail", "unknown"] as const).map((state) => (
            <li key={state} data-state-count={state}>
              <VerdictBadge verdict={state} />{" "}
              <a href={`${meshHref({ at: "governance" })}?state=${state}`}>
                {counted(compliance[state], "product")}
              </a>
            </li>
          ))}
        </ul>
        <p class="quiet">Unknown is what nobody has measured: it is never a pass.</p>
      </section>
    </div>
  );
}

function counted(count: number, what: string): string {
  return `${whole.format(count)} ${what}${count === 1 ? "" : "s"}`;
}

function Domains({ report: { domains } }: { report: MeshReport }) {
  return (
    <section class="card" aria-labelledby="by-domain">
      <h2 id="by-domain">Domains</h2>
      {domains.length === 0 ? (
        <p class="empty-line">There is no domain yet.</p>
      ) : (
        <Table
          class="stacked"
          columns={[
            { label: "Domain" },
            { label: "Owner" },
            { label: "Products", number: true },
            { label: "Active", number: true },
            { label: "Consumers", number: true },
            { label: "Pass", number: true },
            { label: "Fail", number: true },
            { label: "Unknown", number: true },
          ]}
        >
          {domains.map(({ domain, name, owner, products, byStatus, consumers, compliance }) => (
            <tr key={domain} data-report-domain={domain}>
              <th scope="row">
                <a href={domainHref(domain)}>{name}</a>{" "}
                {name !== domain && <code class="quiet">{domain}</code>}
              </th>
              <td data-label="Owner">{owner}</td>
              <td data-label="Products" class="number">
                {whole.format(products)}
              </td>
              <td data-label="Active" class="number">
                {whole.format(byStatus.active)}
              </td>
              <td data-label="Consumers" class="number">
                {whole.format(consumers)}
              </td>
              {(["pass", "fail", "unknown"] as const).map((state) => (
                <td key={state} data-label={STATE_WORD[state]} class="number">
                  {compliance[state] === 0 ? (
                    <span class="quiet">0</span>
                  ) : (
                    <a
                      href={`${meshHref({ at: "governance" })}?${new URLSearchParams({ domain, state })}`}
                      aria-label={`${STATE_WORD[state]}: ${compliance[state]} of ${name}`}
                    >
                      {whole.format(compliance[state])}
                    </a>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

const STATE_WORD = { pass: "Pass", fail: "Fail", unknown: "Unknown" } as const;
