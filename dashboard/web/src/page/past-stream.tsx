import type { HistoryStream, NodeView, SensorView } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { history } from "../history/client.js";
import { sensorTitle } from "../model/catalogue.js";
import { fixedView } from "../model/time-view.js";
import { timeText } from "../model/times.js";
import { readView } from "../model/view-address.js";
import { seconds } from "../server-clock.js";
import { hello } from "../state.js";
import type { TimeAxis } from "../time-axis.js";
import { PageTitle } from "../view/page-title.js";
import { StreamChart } from "./stream-chart.js";
import { StreamQuality } from "./stream-quality.js";

/** Shown of a stream that is over, where the address names no time: its last hour. */
const SHOWN_MS = 3_600_000; // ms

/** A stream that no node has any more, or that was brought in from a file: what the historian kept of it. */
export function PastStream({ stream, axis }: { stream: string; axis: TimeAxis }) {
  const found = useSignal<HistoryStream | "unknown" | undefined>(undefined);
  const asks = hello.value?.history !== false;
  useEffect(() => {
    if (!asks) return;
    const controller = new AbortController();
    history.stream(stream, controller.signal).then(
      (answer) => {
        found.value = answer ?? "unknown";
        if (
          answer?.to !== undefined &&
          answer.to !== null &&
          readView(new URLSearchParams(location.search)) === undefined
        )
          axis.restore(fixedView({ from: answer.to - SHOWN_MS, to: answer.to + 1 }));
      },
      () => {
        if (!controller.signal.aborted) found.value = "unknown";
      },
    );
    return () => controller.abort();
  }, [stream, asks, axis, found]);

  const answer = found.value;
  if (asks && answer === undefined) {
    return (
      <>
        <PageTitle title={stream} />
        <p class="empty">Loading…</p>
      </>
    );
  }
  if (answer === undefined || answer === "unknown") {
    return (
      <>
        <PageTitle title={stream} />
        <div class="empty">
          <p>There is no stream {stream}. It may have been removed.</p>
          <a class="button" href="/">
            Overview
          </a>
        </div>
      </>
    );
  }
  const { node, sensor } = viewsOf(answer);
  return (
    <>
      <div class="page-head" data-stream={stream}>
        <nav class="crumbs" aria-label="Where you are">
          <a href="/">Overview</a> <span aria-hidden="true">/</span> {answer.node}
        </nav>
        <PageTitle title={sensorTitle(sensor)} />
      </div>
      <p class="past-note" data-past>
        No node has this sensor at present. What the historian keeps of it reaches
        {answer.from === null || answer.to === null
          ? " back beyond single readings."
          : ` from ${timeText(answer.from, seconds.value)} to ${timeText(answer.to, seconds.value)}.`}
      </p>
      <StreamChart node={node} sensor={sensor} away axis={axis} />
      <StreamQuality stream={stream} axis={axis} />
    </>
  );
}

/** As the catalogue would tell it. */
function viewsOf(past: HistoryStream): { node: NodeView; sensor: SensorView } {
  const { stream, domain, node, sensor: id, label, unit, valueType, readings, from, to } = past;
  const sensor: SensorView = {
    id,
    ...(label === undefined ? {} : { label }),
    type: id,
    unit,
    valueType,
    // Nobody says any more how often it was read.
    intervalMs: from === null || to === null || readings < 2 ? 0 : Math.round((to - from) / (readings - 1)),
    driver: "",
    rules: [],
    stream,
    state: "ok",
    stale: true,
  };
  return {
    node: { domain, node, presence: "unknown", since: to ?? 0, legacy: false, sensors: [sensor] },
    sensor,
  };
}
