import type { ReadonlySignal } from "@preact/signals";
import { csvHref } from "../history/client.js";
import type { ComparedLine, Comparison } from "../model/comparison.js";
import { valueText } from "../model/units.js";
import { compareSearch } from "../model/view-address.js";
import { setSearch, streamHref } from "../router.js";
import { seconds } from "../server-clock.js";
import { hello, streams } from "../state.js";
import type { TimeAxis } from "../time-axis.js";
import type { Pointed, Shown } from "../view/chart-figures.js";
import { Cross, Download } from "../view/icons.js";
import { rowText } from "../view/row-text.js";
import { Table } from "../view/table.js";

interface Props {
  compared: Comparison;
  names: readonly string[];
  shown: ReadonlySignal<ReadonlyMap<string, Shown>>;
  pointed: ReadonlySignal<ReadonlyMap<string, Pointed>>;
  axis: TimeAxis;
}

/** The streams in figures: at the crosshair, and over the time shown. It is the charts' legend too. */
export function ComparedTable({ compared, names, shown, pointed, axis }: Props) {
  const remove = (stream: string) => () =>
    setSearch(
      compareSearch(
        names.filter((name) => name !== stream),
        axis.view.peek(),
      ),
      "push",
    );
  const at = [...pointed.value.values()][0];
  return (
    <Table
      class="compare-table"
      columns={[
        { label: "Stream" },
        { label: at === undefined ? "Now" : "At the crosshair", number: true, class: "compare-value" },
        { label: "Lowest", number: true, class: "wide-only" },
        { label: "Mean", number: true, class: "wide-only" },
        { label: "Highest", number: true, class: "wide-only" },
        { label: "File, remove", unlabelled: true },
      ]}
    >
      {compared.charts.flatMap((chart) =>
        chart.lines.map((line, i) => (
          <Row
            key={line.sensor.stream}
            line={line}
            shown={shown.value.get(chart.key)}
            pointed={pointed.value.get(chart.key)}
            index={i}
            axis={axis}
            onRemove={remove(line.sensor.stream)}
          />
        )),
      )}
      {compared.unknown.map((stream) => (
        <tr key={stream}>
          <th scope="row">
            <span class="quiet">{stream}</span>
          </th>
          <td class="quiet" colSpan={4}>
            There is no such stream. It may have been removed.
          </td>
          <td>
            <RemoveButton name={stream} onRemove={remove(stream)} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

interface RowProps {
  line: ComparedLine;
  shown: Shown | undefined;
  pointed: Pointed | undefined;
  /** Of the line in its chart. */
  index: number;
  axis: TimeAxis;
  onRemove: () => void;
}

function Row({ line, shown, pointed, index, axis, onRemove }: RowProps) {
  const { sensor, name, colour } = line;
  const { stream } = sensor;
  const summary = shown?.lines.find((other) => other.stream === stream)?.summary;
  const figure = (v: number | undefined) =>
    v === undefined || sensor.valueType === "boolean" ? "–" : valueText(v, sensor);
  const renew = (event: { currentTarget: HTMLAnchorElement }): void => {
    event.currentTarget.href = csvHref(stream, axis.range());
  };
  return (
    <tr data-compared={stream}>
      <th scope="row">
        <span class={`swatch swatch-${colour + 1}`} aria-hidden="true" />
        <a href={streamHref(stream)}>{name}</a>
      </th>
      <td class="number compare-value" data-at={pointed === undefined ? "now" : "cursor"}>
        {pointed === undefined ? (
          <Present line={line} />
        ) : (
          <Pointing line={line} pointed={pointed} index={index} />
        )}
      </td>
      <td class="number wide-only">{figure(summary?.min)}</td>
      <td class="number wide-only">{figure(summary?.mean)}</td>
      <td class="number wide-only">{figure(summary?.max)}</td>
      <td class="number compare-actions">
        {hello.value?.history !== false && (
          <a
            class="button button-plain button-small"
            href={csvHref(stream, axis.range())}
            download
            aria-label={`Every reading of ${name} as a CSV file`}
            onPointerDown={renew}
            onFocus={renew}
            onClick={renew}
          >
            <Download /> <span class="axis-word">CSV</span>
          </a>
        )}
        <RemoveButton name={name} onRemove={onRemove} />
      </td>
    </tr>
  );
}

function RemoveButton({ name, onRemove }: { name: string; onRemove: () => void }) {
  return (
    <button
      type="button"
      class="button button-plain button-small"
      aria-label={`Remove ${name}`}
      title="Remove"
      onClick={onRemove}
    >
      <Cross />
    </button>
  );
}

function Present({ line: { sensor } }: { line: ComparedLine }) {
  const v = streams.store(sensor.stream).latest.value?.v ?? sensor.latest?.v;
  return <>{v === undefined ? "–" : valueText(v, sensor)}</>;
}

function Pointing({ line, pointed, index }: { line: ComparedLine; pointed: Pointed; index: number }) {
  const row = pointed.rows[index];
  if (row === undefined) return <>–</>;
  const text = rowText(row, line.sensor, seconds.value);
  return <span title={text.time}>{text.spread ?? text.value}</span>;
}
