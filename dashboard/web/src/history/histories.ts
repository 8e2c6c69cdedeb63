import { serverNow } from "../server-clock.js";
import { Annotations } from "./annotations.js";
import { history } from "./client.js";
import { StreamHistory } from "./stream-history.js";

/** What the page holds of the past of one stream. */
export interface Past {
  readings: StreamHistory;
  annotations: Annotations;
}

/** Streams whose past is kept for when one comes back to them; each is at most 2 MB. */
const MOST_KEPT = 12;
/** Least recently used first. */
const pasts = new Map<string, Past>();

export function pastOf(stream: string): Past {
  const past = pasts.get(stream) ?? {
    readings: new StreamHistory(stream, history.readings, serverNow),
    annotations: new Annotations(stream, history, serverNow),
  };
  pasts.delete(stream);
  pasts.set(stream, past);
  for (const [name, { readings }] of pasts) {
    if (pasts.size <= MOST_KEPT) break;
    if (name === stream || readings.onChange.size > 0) continue;
    pasts.delete(name);
  }
  return past;
}

/** Someone else may sign in next: nothing of what this user saw stays. */
export function forgetPasts(): void {
  for (const { readings, annotations } of pasts.values()) {
    readings.rest();
    annotations.rest();
  }
  pasts.clear();
}
