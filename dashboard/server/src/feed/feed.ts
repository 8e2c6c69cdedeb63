import type { WindowRing } from "../window/ring.js";
import type { Windows } from "../window/windows.js";
import type { RangeEncoder } from "./encoder.js";

export interface FeedLimits {
  /** Streams that one browser may show at once. */
  maxShows: number;
  /** A frame is closed when it is at least this large; what is left goes into the next. */
  maxFrameChars: number;
  /** How long a browser may have to wait to hear that readings left the window, when none came. */
  evictionMs: number;
}

export const DEFAULT_FEED: FeedLimits = {
  maxShows: 500,
  maxFrameChars: 1_000_000,
  evictionMs: 1_000,
};

/** Where one browser is in the window of one stream. */
interface Cursor {
  readonly stream: string;
  ring: WindowRing | undefined;
  /** Index of the next entry to send. */
  n: number;
  /** The browser holds nothing that continues at `n`: it must begin anew. */
  fresh: boolean;
  revision: number;
  sentOldest: number;
  sentAt: number;
}

/**
 * What one browser is sent of the windows. It holds cursors and no readings: a browser that does not
 * acknowledge costs nothing, and gets what is in the window by then in one larger frame.
 */
export class Feed {
  readonly #windows: Windows;
  readonly #limits: FeedLimits;
  #cursors: Cursor[] = [];
  #first = 0;
  #awaiting = false;

  constructor(windows: Windows, limits: FeedLimits = DEFAULT_FEED) {
    this.#windows = windows;
    this.#limits = limits;
  }

  /** Replaces the set of streams; those that stay keep their cursor. Names beyond the limit are left out. */
  show(streams: readonly { name: string; n?: number | undefined }[]): void {
    const before = new Map(this.#cursors.map((cursor) => [cursor.stream, cursor]));
    const after = new Map<string, Cursor>();
    for (const { name, n } of streams) {
      if (after.has(name)) continue;
      if (after.size >= this.#limits.maxShows) break;
      const kept = before.get(name);
      after.set(
        name,
        kept ?? {
          stream: name,
          ring: undefined,
          n: n ?? 0,
          fresh: n === undefined,
          revision: -1,
          sentOldest: -1,
          sentAt: 0,
        },
      );
    }
    this.#cursors = [...after.values()];
    this.#first = 0;
  }

  get shown(): number {
    return this.#cursors.length;
  }

  shows(stream: string): boolean {
    return this.#cursors.some((cursor) => cursor.stream === stream);
  }

  /** The browser took the frame: the next may go. */
  acknowledge(): void {
    this.#awaiting = false;
  }

  /** A frame was sent and is not acknowledged. */
  get awaiting(): boolean {
    return this.#awaiting;
  }

  /**
   * JSON of the next frame, or undefined when there is nothing to say or the last one is not acknowledged.
   * Counts as sent.
   */
  next(now: number, encoder: RangeEncoder): string | undefined {
    if (this.#awaiting) return undefined;
    const parts: string[] = [];
    let chars = 0;
    let looked = 0;
    const count = this.#cursors.length;
    for (; looked < count && chars < this.#limits.maxFrameChars; looked += 1) {
      const cursor = this.#cursors[(this.#first + looked) % count];
      const text = cursor === undefined ? undefined : this.#advance(cursor, now, encoder);
      if (cursor === undefined || text === undefined) continue;
      parts.push(`${JSON.stringify(cursor.stream)}:${text}`);
      chars += text.length;
    }
    // A full frame left cursors behind: the next begins with them.
    this.#first = looked < count ? (this.#first + looked) % count : 0;
    if (parts.length === 0) return undefined;
    this.#awaiting = true;
    return `{"at":${now},"streams":{${parts.join(",")}}}`;
  }

  #advance(cursor: Cursor, now: number, encoder: RangeEncoder): string | undefined {
    const ring = this.#windows.get(cursor.stream);
    if (ring === undefined) {
      cursor.ring = undefined;
      return undefined; // not heard of yet, or removed
    }
    if (cursor.ring !== ring) {
      // Another window of that name (the stream was removed and came again) has indices of its own.
      if (cursor.ring !== undefined || cursor.sentAt > 0) cursor.fresh = true;
      cursor.ring = ring;
      cursor.revision = ring.revision;
    }
    const reset =
      cursor.fresh || cursor.n < ring.oldest || cursor.n > ring.next || cursor.revision !== ring.revision;
    const from = reset ? ring.oldest : cursor.n;
    const nothingNew = !reset && from === ring.next;
    if (nothingNew) {
      const evicted = ring.oldest !== cursor.sentOldest;
      if (!evicted || now - cursor.sentAt < this.#limits.evictionMs) return undefined;
    }
    const text = encoder.encode(cursor.stream, ring, from, ring.next, reset);
    cursor.n = ring.next;
    cursor.fresh = false;
    cursor.revision = ring.revision;
    cursor.sentOldest = ring.oldest;
    cursor.sentAt = now;
    return text;
  }
}
