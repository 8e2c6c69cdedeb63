export { runHistorian } from "./app.js";
export { type Historian, startHistorian } from "./historian.js";
export { createMeasurement, type MeasureDocument, type Measurement } from "./measure/measurement.js";
export type { HistorianOptions, HistorianWorld } from "./options.js";
export { thinLargestTriangle } from "./thinning/largest-triangle.js";
export { thinMinMax } from "./thinning/min-max.js";
