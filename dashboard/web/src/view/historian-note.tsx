import type { HistorianState } from "../history/client.js";
import { pastOf } from "../history/histories.js";

const TEXT: Partial<Record<HistorianState, string>> = {
  none: "No historian runs here: only what is live can be shown.",
  away: "The historian cannot be reached. Live readings go on; history comes when it is back.",
};

/** Said quietly over the chart when it reaches further back than there is anything to show. */
export function HistorianNote({ state, streams }: { state: HistorianState; streams: readonly string[] }) {
  const text = TEXT[state];
  const loading = text === undefined && streams.some((name) => pastOf(name).readings.loading.value);
  return (
    <>
      <p class="chart-note" role="status" data-historian={state}>
        {text}
      </p>
      {loading && (
        <p class="chart-loading" aria-hidden="true">
          Loading history…
        </p>
      )}
    </>
  );
}
