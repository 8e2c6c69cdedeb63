import { RedrawScheduler } from "../chart/redraw.js";
import { streams } from "../state.js";

let scheduler: RedrawScheduler | undefined;

/** One for all charts of the page, so that those that are due together make one paint. */
export function sharedScheduler(): RedrawScheduler {
  if (scheduler === undefined) {
    const made = new RedrawScheduler();
    streams.onFed = () => made.fed();
    scheduler = made;
  }
  return scheduler;
}
