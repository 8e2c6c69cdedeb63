import { link } from "./session.js";
import { streams } from "./state.js";
import { drawnCharts } from "./view/drawn-charts.js";

/** What a browser test may ask. It only reads, and gives nothing that is not on the page. */
export interface Inspection {
  charted: (stream: string) => { boot: number; seq: number }[];
  streams: () => string[];
  connected: () => boolean;
  redraws: (stream: string) => number;
  /** Rows of the large chart of that stream, as they are drawn; empty without one. */
  drawn: (
    stream: string,
  ) => { t: number; v: number | null; low: number | null; high: number | null; stepMs: number }[];
}

const inspection: Inspection = Object.freeze<Inspection>({
  charted: (stream) => streams.find(stream)?.window.charted() ?? [],
  streams: () => streams.shown,
  connected: () => link.connected,
  redraws: (stream) => streams.find(stream)?.redraws ?? 0,
  drawn: (stream) =>
    (drawnCharts.get(stream)?.rows() ?? []).map(({ t, v, low, high, stepMs }) => ({
      t,
      v: orNull(v),
      low: orNull(low),
      high: orNull(high),
      stepMs,
    })),
});

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

export function exposeInspection(): void {
  Object.defineProperty(globalThis, "__fieldmesh", { value: inspection });
}
