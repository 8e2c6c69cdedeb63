import { link } from "./session.js";
import { streams } from "./state.js";

/** What a browser test may ask. It only reads, and gives nothing that is not on the page. */
export interface Inspection {
  charted: (stream: string) => { boot: number; seq: number }[];
  streams: () => string[];
  connected: () => boolean;
  redraws: (stream: string) => number;
}

const inspection: Inspection = Object.freeze<Inspection>({
  charted: (stream) => streams.find(stream)?.window.charted() ?? [],
  streams: () => streams.shown,
  connected: () => link.connected,
  redraws: (stream) => streams.find(stream)?.redraws ?? 0,
});

export function exposeInspection(): void {
  Object.defineProperty(globalThis, "__fieldmesh", { value: inspection });
}
