export { runHistorian } from "./app.js";
export { type Historian, startHistorian } from "./historian.js";
export type { HistorianOptions, HistorianWorld } from "./options.js";
