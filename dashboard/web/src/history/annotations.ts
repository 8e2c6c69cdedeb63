import type { HistoryEvent, HistoryGaps, LossEntry } from "@fieldmesh/protocol";
import type { Range } from "../model/time-view.js";
import { stateAfter } from "./client.js";

interface Fetch {
  events: (stream: string, range: Range, signal: AbortSignal) => Promise<HistoryEvent[]>;
  gaps: (stream: string, range: Range, signal: AbortSignal) => Promise<HistoryGaps>;
}

const DEBOUNCE_MS = 150; // ms
/** While now is in sight, what happens shows soon; the past changes only when something late comes. */
const YOUNG_MS = 10_000; // ms
const OLD_MS = 5 * 60_000; // ms

/** Events and gaps around what a chart shows of one stream. */
export class Annotations {
  /** Newest first. */
  events: readonly HistoryEvent[] = [];
  losses: readonly LossEntry[] = [];
  readonly onChange = new Set<() => void>();
  readonly #stream: string;
  readonly #fetch: Fetch;
  readonly #now: () => number;
  #extent: Range = { from: 0, to: 0 };
  #askedAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #inFlight: AbortController | undefined;

  /** `now`: the server's clock, ms. */
  constructor(stream: string, fetch: Fetch, now: () => number) {
    this.#stream = stream;
    this.#fetch = fetch;
    this.#now = now;
  }

  /** Says what is on the screen; called at every drawing. */
  want(range: Range): void {
    const extent = extentOf(range);
    const moved = extent.from !== this.#extent.from || extent.to !== this.#extent.to;
    if (!moved && (this.#timer !== undefined || this.#inFlight !== undefined)) return;
    const ageMs = this.#now() - this.#askedAt;
    if (!moved && ageMs < (extent.to > this.#askedAt ? YOUNG_MS : OLD_MS)) return;
    this.#extent = extent;
    if (moved) this.#inFlight?.abort();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#ask();
    }, DEBOUNCE_MS);
  }

  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#inFlight?.abort();
    this.#extent = { from: 0, to: 0 };
  }

  /** Never rejects: without an answer what is drawn stays, and it is asked for again when its time comes. */
  async #ask(): Promise<void> {
    const controller = new AbortController();
    this.#inFlight = controller;
    this.#askedAt = this.#now();
    const { signal } = controller;
    try {
      const [events, gaps] = await Promise.all([
        this.#fetch.events(this.#stream, this.#extent, signal),
        this.#fetch.gaps(this.#stream, this.#extent, signal),
      ]);
      this.events = events;
      this.losses = gaps.entries;
      for (const tell of this.onChange) tell();
    } catch (error) {
      // The readings' requests tell of a historian that is away; nothing of this stream is just nothing.
      if (signal.aborted || stateAfter(error) !== undefined) return;
      this.events = [];
      this.losses = [];
    } finally {
      if (this.#inFlight === controller) this.#inFlight = undefined;
    }
  }
}

/** The range with edges that stay while it moves a little: multiples of a power of two near its length. */
function extentOf({ from, to }: Range): Range {
  const lengthMs = 2 ** Math.ceil(Math.log2(Math.max(1, to - from)));
  return { from: Math.floor(from / lengthMs) * lengthMs, to: Math.ceil(to / lengthMs) * lengthMs };
}
