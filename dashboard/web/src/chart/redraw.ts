/** A chart as the scheduler sees it. */
export interface Redrawn {
  /** Time after which one more pixel has passed, ms. */
  readonly everyMs: number;
  redraw: () => void;
}

/** At most five times a second, as more cannot be read; at least once, as a chart that stands still looks broken. */
const FASTEST_MS = 200; // ms
const SLOWEST_MS = 1_000; // ms
/** A chart that moves this fast by pixels is looked at for what happens now: it is drawn as often as any. */
const LIVELY_MS = 400; // ms

/** How long a chart of that length and width stays the same, ms. */
export function pixelMs(windowMs: number, widthPx: number): number {
  const pixel = windowMs / Math.max(1, widthPx);
  return pixel < LIVELY_MS ? FASTEST_MS : Math.min(SLOWEST_MS, pixel);
}

/** A chart of hours stands beside a figure that lives: it is drawn when a pixel has passed, and not much later. */
const SLOWEST_LONG_MS = 10_000; // ms

/** As {@link pixelMs}, of a live chart that reaches back into history. */
export function longPixelMs(spanMs: number, widthPx: number): number {
  return Math.min(SLOWEST_LONG_MS, Math.max(FASTEST_MS, spanMs / Math.max(1, widthPx)));
}

/**
 * Redraws charts when a pixel has passed, all that are due in one animation frame, and none while the tab is
 * hidden. Those due within a quarter of their time are taken along, so that ten charts make one paint.
 */
export class RedrawScheduler {
  readonly #due = new Map<Redrawn, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame: number | undefined;
  #fedAt = 0;
  #feedMs = SLOWEST_MS;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#stop();
      else this.#drawDue(true);
    });
  }

  /** Draws it soon, and again and again until the function returned is called. */
  add(chart: Redrawn): () => void {
    this.#due.set(chart, 0);
    this.#plan();
    return () => {
      this.#due.delete(chart);
    };
  }

  /** Out of turn: the pointer moved, the first readings came. */
  soon(chart: Redrawn): void {
    if (!this.#due.has(chart)) return;
    this.#due.set(chart, 0);
    this.#plan();
  }

  /** Readings have come, and with them a paint: charts that are due soon take part in it. */
  fed(): void {
    const now = performance.now();
    this.#feedMs = now - this.#fedAt;
    this.#fedAt = now;
    if (document.hidden || this.#frame !== undefined) return;
    for (const [chart, due] of this.#due) if (due - now < chart.everyMs / 8) this.#due.set(chart, 0);
    this.#plan();
  }

  #plan(): void {
    if (document.hidden || this.#frame !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const due of this.#due.values()) next = Math.min(next, due);
    if (next === Number.POSITIVE_INFINITY) return;
    const request = (): void => {
      this.#timer = undefined;
      this.#frame = requestAnimationFrame(() => {
        this.#frame = undefined;
        this.#drawDue(false);
      });
    };
    // Where readings come about as often as charts are drawn, a chart waits a little for them.
    const graceMs = this.#feedMs < 2 * FASTEST_MS && next > 0 ? FASTEST_MS / 2 : 0;
    const waitMs = next + graceMs - performance.now();
    if (waitMs <= 0) request();
    else this.#timer = setTimeout(request, waitMs);
  }

  #drawDue(all: boolean): void {
    const now = performance.now();
    for (const [chart, due] of this.#due) {
      if (!all && due - now > chart.everyMs / 4) continue;
      chart.redraw();
      this.#due.set(chart, now + chart.everyMs);
    }
    this.#plan();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }
}
