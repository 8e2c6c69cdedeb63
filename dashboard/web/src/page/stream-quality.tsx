import { useEffect } from "preact/hooks";
import { measured } from "../history/measured.js";
import { hello } from "../state.js";
import type { TimeAxis } from "../time-axis.js";
import { type Polled, usePolled } from "../view/use-polled.js";
import { StreamLedger } from "./stream-ledger.js";
import { Measurements } from "./stream-measurements.js";
import { Promises } from "./stream-promises.js";

const EVERY_MS = 5_000; // ms

interface Props {
  stream: string;
  axis: TimeAxis;
}

/** What became of a stream's readings, what it promises and what was measured of it; without a historian nothing. */
export function StreamQuality(props: Props) {
  return hello.value?.history === false ? null : <Measured {...props} />;
}

function Measured({ stream, axis }: Props) {
  const report = usePolled(stream, (signal) => measured.report(stream, signal), EVERY_MS);
  const ledger = usePolled(stream, (signal) => measured.ledger(stream, undefined, signal), EVERY_MS);
  const { data } = report.value;
  const settled = told(report.value) && told(ledger.value);
  useEffect(() => {
    // A link to the promises leads there once what stands above them has its height.
    if (settled && location.hash === "#promises") document.getElementById("promises")?.scrollIntoView();
  }, [settled]);
  return (
    <>
      <div class="columns columns-wide">
        <section class="card" id="promises" aria-labelledby="promises-title">
          <h2 id="promises-title">Promises</h2>
          <Problem polled={report.value} />
          {data !== undefined && <Promises report={data} />}
        </section>
        <section class="card" aria-labelledby="ledger-title" data-ledger>
          <h2 id="ledger-title">Ledger</h2>
          <Problem polled={ledger.value} />
          {ledger.value.data !== undefined && (
            <StreamLedger stream={stream} gaps={ledger.value.data} report={data} axis={axis} />
          )}
        </section>
      </div>
      {data !== undefined && (
        <section class="card" aria-labelledby="measurements-title">
          <h2 id="measurements-title">Measurements</h2>
          <Measurements report={data} />
        </section>
      )}
    </>
  );
}

function told({ data, problem }: Polled<unknown>): boolean {
  return data !== undefined || problem !== undefined;
}

function Problem({ polled: { data, problem } }: { polled: Polled<unknown> }) {
  if (problem !== undefined)
    return (
      <p class="quiet" data-historian-problem>
        {problem}
      </p>
    );
  return data === undefined ? <p class="empty-line">Loading…</p> : null;
}
