import { type Budget, SMALLEST_RING, type WindowLimits, WindowRing } from "./ring.js";

export interface WindowsLimits extends WindowLimits {
  /** Streams that get a window; the readings of further ones are refused and counted. */
  maxStreams: number;
  /** Readings over all streams, 41 bytes each; past it, windows are cut by count. */
  maxTotalReadings: number;
}

export const DEFAULT_WINDOWS: WindowsLimits = {
  windowMs: 300_000, // 5 min
  maxReadings: 3_000,
  maxStreams: 5_000,
  maxTotalReadings: 2_000_000, // 82 MB
};

/** The windows of all streams, by stream name, and the room that they share. */
export class Windows {
  readonly limits: WindowsLimits;
  readonly #rings = new Map<string, WindowRing>();
  readonly #budget: Budget;
  #taken = 0;
  #refused = 0;

  constructor(limits: WindowsLimits = DEFAULT_WINDOWS) {
    this.limits = limits;
    const room = Math.max(0, limits.maxTotalReadings - limits.maxStreams * SMALLEST_RING);
    this.#budget = {
      take: (entries) => {
        if (this.#taken + entries > room) return false;
        this.#taken += entries;
        return true;
      },
      give: (entries) => {
        this.#taken -= entries;
      },
    };
  }

  get(stream: string): WindowRing | undefined {
    return this.#rings.get(stream);
  }

  /** The window of a stream, made when it has none; undefined, and counted, when there are too many streams. */
  open(stream: string): WindowRing | undefined {
    const ring = this.#rings.get(stream);
    if (ring !== undefined) return ring;
    if (this.#rings.size >= this.limits.maxStreams) {
      this.#refused += 1;
      return undefined;
    }
    const made = new WindowRing(this.limits, this.#budget);
    this.#rings.set(stream, made);
    return made;
  }

  remove(stream: string): void {
    this.#rings.get(stream)?.clear();
    this.#rings.delete(stream);
  }

  /** Lets go, in every window, what is too old; and windows that are empty, when there are too many. */
  evict(now: number): void {
    const full = this.#rings.size >= this.limits.maxStreams;
    for (const [stream, ring] of this.#rings) {
      ring.evict(now);
      if (full && ring.size === 0) this.#rings.delete(stream);
    }
  }

  /** This machine's clock was set forward by so much, or back. */
  stepped(deltaMs: number): void {
    for (const ring of this.#rings.values()) ring.stepped(deltaMs);
  }

  entries(): IterableIterator<[string, WindowRing]> {
    return this.#rings.entries();
  }

  /** Readings refused because there were too many streams. */
  get refused(): number {
    return this.#refused;
  }

  get streams(): number {
    return this.#rings.size;
  }

  /** Readings for which memory is held, at most. */
  get reserved(): number {
    return this.#taken + this.#rings.size * SMALLEST_RING;
  }
}
