import type { Frame, Quality, Show } from "@fieldmesh/protocol";
import { type Signal, signal } from "@preact/signals";
import { StreamWindow } from "./model/window.js";

export interface LatestReading {
  /** Newest good value; NaN before the first. */
  v: number;
  t: number;
  /** Quality of the newest reading, when it is not good. */
  quality?: Quality;
  reason?: string;
}

export interface StreamStore {
  readonly name: string;
  readonly window: StreamWindow;
  readonly latest: Signal<LatestReading | undefined>;
  /** Times that its charts were drawn, for tests and benchmarks. */
  redraws: number;
}

/** Windows kept of streams that have scrolled away: coming back then needs no snapshot. */
const KEEP_HIDDEN = 64; // streams
/** Scrolling changes the set shown many times in a row: it is told to the server once. */
const SHOW_DELAY_MS = 60; // ms

/** The windows of the streams on the page, and which of them the server is asked for. */
export class Streams {
  readonly #stores = new Map<string, StreamStore>();
  readonly #shown = new Map<string, number>();
  /** Called when readings have come: charts are drawn in the same paint as the figures beside them. */
  onFed: () => void = () => {};
  #send: ((show: Show) => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  store(name: string): StreamStore {
    let store = this.#stores.get(name);
    if (store === undefined) {
      store = { name, window: new StreamWindow(), latest: signal(undefined), redraws: 0 };
      this.#stores.set(name, store);
    }
    return store;
  }

  find(name: string): StreamStore | undefined {
    return this.#stores.get(name);
  }

  get shown(): string[] {
    return [...this.#shown.keys()];
  }

  /** Asks for a stream's readings until the function returned is called. */
  show(name: string): () => void {
    this.#shown.set(name, (this.#shown.get(name) ?? 0) + 1);
    this.#tellSoon();
    return () => {
      const count = (this.#shown.get(name) ?? 1) - 1;
      if (count > 0) this.#shown.set(name, count);
      else this.#shown.delete(name);
      this.#tellSoon();
    };
  }

  /** A connection stands: tell it what is shown, and every change from now on. */
  connect(send: (show: Show) => void): void {
    this.#send = send;
    this.#tell();
  }

  disconnect(): void {
    this.#send = undefined;
  }

  /** The server's indices are void: what is drawn stays until the first frame replaces it. */
  forgetIndices(): void {
    for (const [name, store] of this.#stores) {
      if (this.#shown.has(name)) store.window.newest = undefined;
      else this.#stores.delete(name);
    }
  }

  /** Someone else may sign in next: nothing of this user's stays. */
  clear(): void {
    for (const store of this.#stores.values()) {
      store.window.clear();
      store.latest.value = undefined;
    }
  }

  apply(frame: Frame): void {
    for (const [name, part] of Object.entries(frame.streams)) {
      const store = this.#stores.get(name);
      if (store === undefined) continue;
      store.window.apply(part);
      const latest = newest(store.window);
      const old = store.latest.peek();
      if (latest?.t !== old?.t || latest?.v !== old?.v || latest?.quality !== old?.quality) {
        store.latest.value = latest;
      }
    }
    this.onFed();
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => this.#tell(), SHOW_DELAY_MS);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#forgetHidden();
    this.#send?.({
      streams: this.shown.map((name) => {
        const n = this.#stores.get(name)?.window.newest;
        return n === undefined ? { name } : { name, n };
      }),
    });
  }

  #forgetHidden(): void {
    let hidden = 0;
    // The Map is in order of first use: the longest known go first.
    for (const name of this.#stores.keys()) if (!this.#shown.has(name)) hidden += 1;
    for (const name of this.#stores.keys()) {
      if (hidden <= KEEP_HIDDEN) return;
      if (this.#shown.has(name)) continue;
      this.#stores.delete(name);
      hidden -= 1;
    }
  }
}

function newest(window: StreamWindow): LatestReading | undefined {
  const end = window.t.length - 1;
  if (end < window.head) return undefined;
  const flag = window.flags.get(window.n[end] ?? -1);
  for (let i = end; i >= window.head; i--) {
    const v = window.v[i] ?? Number.NaN;
    if (!Number.isNaN(v)) {
      return flag === undefined
        ? { v, t: window.t[i] ?? 0 }
        : { v, t: window.t[i] ?? 0, quality: flag.quality, reason: flag.reason };
    }
  }
  return flag === undefined
    ? undefined
    : { v: Number.NaN, t: window.t[end] ?? 0, quality: flag.quality, reason: flag.reason };
}
