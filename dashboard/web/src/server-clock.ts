import { signal } from "@preact/signals";

let offsetMs: number | undefined;
let sampledAt = 0;
/** Delay only ever makes a sample too small, so the greatest of the last minute is the best. */
const SAMPLE_LIFE_MS = 60_000; // ms

/** Learns the server's clock from the time that one of its messages carries, ms. */
export function learnServerTime(at: number): void {
  const local = Date.now();
  const sample = at - local;
  if (offsetMs === undefined || sample > offsetMs || local - sampledAt > SAMPLE_LIFE_MS) {
    offsetMs = sample;
    sampledAt = local;
  }
}

/** Now by the server's clock, ms: charts and ages go by it, whatever this machine's clock says. */
export function serverNow(): number {
  return Date.now() + (offsetMs ?? 0);
}

/** The server's time, renewed every second while the tab is visible: for ages such as "3 min ago". */
export const seconds = signal(serverNow());

export function startSeconds(): void {
  setInterval(() => {
    if (!document.hidden) seconds.value = serverNow();
  }, 1_000); // ms
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) seconds.value = serverNow();
  });
}
