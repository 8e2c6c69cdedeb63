import type { StreamFrame } from "@fieldmesh/protocol";
import type { WindowRing } from "../window/ring.js";

/** What entries `from` to `to` (not included) of a window look like to a browser. */
export function streamFrame(
  ring: WindowRing,
  from: number,
  to: number,
  reset: boolean,
  now: number,
): StreamFrame {
  return { ...ring.columns(from, to), reset, oldest: ring.oldest, cut: ring.cut(now) };
}

/**
 * Encodes each range of a window once for all browsers that are at the same place in it, which those that
 * keep up are. Valid for one moment: nothing may enter the windows between {@link begin} and the last use.
 */
export class RangeEncoder {
  readonly #texts = new Map<string, string>();
  #now = 0;
  #encoded = 0;

  /** Begins a new moment: what was encoded before is forgotten. */
  begin(now: number): void {
    this.#texts.clear();
    this.#now = now;
  }

  /** JSON of the {@link StreamFrame}. */
  encode(stream: string, ring: WindowRing, from: number, to: number, reset: boolean): string {
    const key = `${stream} ${from} ${to} ${reset ? "r" : ""}`;
    let text = this.#texts.get(key);
    if (text === undefined) {
      text = JSON.stringify(streamFrame(ring, from, to, reset, this.#now));
      this.#texts.set(key, text);
      this.#encoded += 1;
    }
    return text;
  }

  /** Ranges encoded since the start; less than those sent when browsers shared them. */
  get encoded(): number {
    return this.#encoded;
  }
}
