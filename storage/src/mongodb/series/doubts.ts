import type { Appended, Sample } from "../../series.js";
import type { Fresh } from "./fresh-samples.js";

/**
 * What appends that failed may have stored, though nobody was told: the append of the same that succeeds tells of
 * it, so that each reading is told as stored by one call that did not fail.
 */
export class Doubts {
  readonly #streams = new Map<string, Set<string>>();

  add(stream: string, samples: readonly Sample[]): void {
    const doubts = this.#streams.get(stream) ?? new Set<string>();
    for (const sample of samples) doubts.add(nameOf(sample));
    this.#streams.set(stream, doubts);
  }

  /** An append of this stream has succeeded. */
  settle(stream: string): void {
    this.#streams.delete(stream);
  }

  /** What to tell of an append, when it succeeds. */
  told(stream: string, samples: readonly Sample[], fresh: Fresh): Appended {
    const doubts = this.#streams.get(stream);
    if (doubts === undefined) return { stored: fresh.samples, duplicates: fresh.duplicates };
    const told = new Set(fresh.samples.map(nameOf));
    const isFresh = new Set(fresh.samples);
    const stored = samples.filter((sample) => {
      if (isFresh.has(sample)) return true;
      const name = nameOf(sample);
      if (!doubts.has(name) || told.has(name)) return false;
      told.add(name);
      return true;
    });
    return { stored, duplicates: samples.length - stored.length };
  }
}

function nameOf({ boot, seq }: Sample): string {
  return `${boot} ${seq}`;
}
