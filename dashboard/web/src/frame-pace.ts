import type { Frame } from "@fieldmesh/protocol";

/** One or two streams are shown as fast as readings come; from here on the page is a wall of figures. */
const MANY_STREAMS = 3;
/** Nobody reads a wall of figures twenty times a second, and every change of one is a paint. */
const BEAT_MS = 220; // ms

/**
 * When a frame is put on the page. With a stream or two at once; with many, on a beat of its own, so that figures
 * and charts are painted together and evenly whatever the server's rhythm. A frame that brings a new stream
 * does not wait. The next frame is only sent when this one has been taken, so that there is never a queue.
 */
export class FramePace {
  readonly #shown: () => number;
  #beatAt = Number.NEGATIVE_INFINITY;

  /** `shown`: how many streams are on the page. */
  constructor(shown: () => number) {
    this.#shown = shown;
  }

  take(frame: Frame, apply: () => void): void {
    const now = performance.now();
    const isNew = Object.values(frame.streams).some((part) => part.reset);
    const waitMs = isNew || this.#shown() < MANY_STREAMS ? 0 : this.#beatAt + BEAT_MS - now;
    if (waitMs <= 0) {
      this.#beatAt = now;
      apply();
      return;
    }
    this.#beatAt += BEAT_MS;
    setTimeout(apply, waitMs);
  }
}
