import { QUALITY_WINDOWS, type QualityReport, type WindowQuality } from "@fieldmesh/protocol";
import { shareText, WINDOW_WORD } from "../model/quality.js";
import { durationText } from "../model/times.js";
import { Table } from "../view/table.js";

const whole = new Intl.NumberFormat();
const delay = (ms: number | undefined): string => (ms === undefined ? "–" : durationText(ms));

type Line = [label: string, text: (quality: WindowQuality) => string];

const LINES: readonly Line[] = [
  ["Fresh", ({ availability }) => shareText(availability)],
  ["Complete", ({ completeness }) => shareText(completeness)],
  ["Valid", ({ validity }) => shareText(validity)],
  ["Delay, half within", ({ timeliness }) => delay(timeliness?.p50)],
  ["Delay, 95 of 100 within", ({ timeliness }) => delay(timeliness?.p95)],
  ["Delay, 99 of 100 within", ({ timeliness }) => delay(timeliness?.p99)],
  ["Readings", ({ received, expected }) => ofText(received, expected)],
  ["Per second", ({ rate }) => (rate === null ? "–" : Number(rate.toPrecision(3)).toString())],
  ["Came twice", ({ duplicates }) => whole.format(duplicates)],
  ["Out of order", ({ outOfOrder }) => whole.format(outOfOrder)],
  ["Bad", ({ bad }) => whole.format(bad)],
  ["Not as declared", ({ invalidBy }) => whole.format(total(invalidBy))],
  ["Watched", ({ observedMs }) => durationText(observedMs)],
];

/** Everything that was measured of a stream, over each window. */
export function Measurements({ report }: { report: QualityReport }) {
  const longest = report.windows["30d"];
  return (
    <>
      <p>
        <Freshness freshness={report.freshness} />
        <ClockError clock={report.clock} />
      </p>
      <Table
        class="measurements"
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
      </Table>
      <Reasons label="Bad" by={longest.badBy} />
      <Reasons label="Not as declared" by={longest.invalidBy} />
    </>
  );
}

function Freshness({ freshness }: Pick<QualityReport, "freshness">) {
  const { ageMs, withinMs, fresh } = freshness;
  if (ageMs === null) return <>No good reading has come yet.</>;
  const age = durationText(Math.max(0, ageMs));
  const promised = `promised is at most ${durationText(withinMs)}.`;
  return fresh ? (
    <>
      The newest good reading was {age} old; {promised}
    </>
  ) : (
    <strong>
      The newest good reading is {age} old; {promised}
    </strong>
  );
}

function ClockError({ clock }: Pick<QualityReport, "clock">) {
  if (clock?.off !== true) return null;
  const { offsetMs } = clock;
  return (
    <span data-clock-off>
      {" "}
      The node's clock is {durationText(offsetMs)} {offsetMs > 0 ? "ahead" : "behind"}; its times are
      corrected.
    </span>
  );
}

function ofText(received: number, expected: number): string {
  return received >= expected
    ? whole.format(received)
    : `${whole.format(received)} of ${whole.format(expected)}`;
}

function total(by: Readonly<Record<string, number>>): number {
  return Object.values(by).reduce((sum, count) => sum + count, 0);
}

/** Reasons are sentences of sensors at times: they stand below the figures. */
function Reasons({ label, by }: { label: string; by: Readonly<Record<string, number>> }) {
  const reasons = Object.entries(by).sort(([, a], [, b]) => b - a);
  if (reasons.length === 0) return null;
  return (
    <p class="measurement-reasons quiet">
      {label}, of {WINDOW_WORD["30d"]}:{" "}
      {reasons.map(([reason, count]) => `${whole.format(count)} × ${reason}`).join("; ")}
    </p>
  );
}
