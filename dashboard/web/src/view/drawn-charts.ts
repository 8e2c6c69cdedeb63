import type { StreamLine } from "./stream-line.js";

/** The large charts on the page, by stream: what a test may ask what is drawn. */
export const drawnCharts = new Map<string, StreamLine>();
