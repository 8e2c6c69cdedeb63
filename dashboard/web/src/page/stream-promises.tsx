import {
  QUALITY_WINDOW_MS,
  QUALITY_WINDOWS,
  type QualityReport,
  type WindowQuality,
} from "@fieldmesh/protocol";
import { measured } from "../history/measured.js";
import { budgetText, MEASURE_WORD, promiseText, shareText, WINDOW_WORD } from "../model/quality.js";
import { durationText } from "../model/times.js";
import { ObjectiveBadge } from "../view/objective-badge.js";
import { Table } from "../view/table.js";
import { usePolled } from "../view/use-polled.js";
import { Budget } from "./quality.js";

const EVERY_MS = 5_000; // ms
const whole = new Intl.NumberFormat();

/** What a stream promises, what was measured of it, and what is left of its error budgets. */
export function StreamPromises({ stream }: { stream: string }) {
  const polled = usePolled(stream, (signal) => measured.report(stream, signal), EVERY_MS);
  const { data, problem } = polled.value;
  return (
    <section class="card" id="promises" aria-labelledby="promises-title">
      <h2 id="promises-title">Promises and measurements</h2>
      {data === undefined ? (
        <p class="empty-line">{problem ?? "Loading…"}</p>
      ) : (
        <>
          {problem !== undefined && <p class="quiet">{problem}</p>}
          <Promises report={data} />
          <Measurements report={data} />
        </>
      )}
    </section>
  );
}

function Promises({ report }: { report: QualityReport }) {
  const { objectives } = report;
  if (objectives.length === 0) return <p class="quiet">Nothing is promised of this stream.</p>;
  return (
    <Table
      class="promises"
      columns={[
        { label: "Promise" },
        { label: "Kept", number: true },
        { label: "Error budget" },
        { label: "State" },
      ]}
    >
      {objectives.map((objective) => (
        <tr key={objective.id} data-objective={objective.measure}>
          <th scope="row" class="wide-cell">
            {MEASURE_WORD[objective.measure]} <span class="quiet">{promiseText(objective)}</span>
          </th>
          <td class="number">{shareText(objective.actual)}</td>
          <td>
            <Budget
              left={objective.budgetLeft}
              text={budgetText(objective, QUALITY_WINDOW_MS[objective.window])}
            />
          </td>
          <td>
            <ObjectiveBadge objective={objective} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

type Line = [label: string, text: (quality: WindowQuality) => string];

const LINES: readonly Line[] = [
  ["Fresh", ({ availability }) => shareText(availability)],
  ["Complete", ({ completeness }) => shareText(completeness)],
  ["Valid", ({ validity }) => shareText(validity)],
  ["Late by, half of them", ({ timeliness }) => (timeliness === null ? "–" : durationText(timeliness.p50))],
  ["Late by, 95 of 100", ({ timeliness }) => (timeliness === null ? "–" : durationText(timeliness.p95))],
  ["Late by, 99 of 100", ({ timeliness }) => (timeliness === null ? "–" : durationText(timeliness.p99))],
  ["Readings", ({ received, expected }) => ofText(received, expected)],
  ["Per second", ({ rate }) => (rate === null ? "–" : Number(rate.toPrecision(3)).toString())],
  ["Came twice", ({ duplicates }) => whole.format(duplicates)],
  ["Out of order", ({ outOfOrder }) => whole.format(outOfOrder)],
  ["Bad", ({ bad, badBy }) => `${whole.format(bad)}${reasonsText(badBy)}`],
  ["Against the birth", ({ invalidBy }) => reasonsText(invalidBy).replace(/^ \(|\)$/g, "") || "–"],
];

function Measurements({ report }: { report: QualityReport }) {
  const { freshness, clock } = report;
  return (
    <>
      <p>
        {freshness.ageMs === null
          ? "No good reading has come yet."
          : `The newest good reading is ${durationText(Math.max(0, freshness.ageMs))} old; promised is at most ${durationText(freshness.withinMs)}.`}
        {clock?.off === true && (
          <strong>
            {" "}
            The node's clock is {durationText(clock.offsetMs)} {clock.offsetMs > 0 ? "ahead" : "behind"}: its
            times are corrected.
          </strong>
        )}
      </p>
      <Table
        columns={[
          { label: "Measured over", unlabelled: true },
          ...QUALITY_WINDOWS.map((window) => ({ label: WINDOW_WORD[window], number: true })),
        ]}
      >
        {LINES.map(([label, text]) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            {QUALITY_WINDOWS.map((window) => (
              <td key={window} class="number tabular">
                {text(report.windows[window])}
              </td>
            ))}
          </tr>
        ))}
        <tr>
          <th scope="row">Watched</th>
          {QUALITY_WINDOWS.map((window) => (
            <td key={window} class="number tabular">
              {durationText(report.windows[window].observedMs)}
            </td>
          ))}
        </tr>
      </Table>
    </>
  );
}

function ofText(received: number, expected: number): string {
  return received >= expected
    ? whole.format(received)
    : `${whole.format(received)} of ${whole.format(expected)}`;
}

function reasonsText(reasons: Readonly<Record<string, number>>): string {
  const parts = Object.entries(reasons).map(([reason, count]) => `${whole.format(count)} ${reason}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}
