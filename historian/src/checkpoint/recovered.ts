import { RangeSet } from "@fieldmesh/protocol";
import { type Appended, cutStretches, type Sample, type SampleColumns, toColumns } from "@fieldmesh/storage";
import type { NamedRanges } from "../ingest/batch.js";

/**
 * Readings that a process that died had put on disk, and that those who measure were not told of. They are told when
 * the store has taken them.
 */
export class Recovered {
  readonly #waiting = new Map<string, Map<number, RangeSet>>();

  constructor(names: readonly NamedRanges[]) {
    for (const { stream, boot, ranges } of names) {
      const boots = this.#waiting.get(stream) ?? new Map<number, RangeSet>();
      this.#waiting.set(stream, boots);
      boots.set(boot, RangeSet.of(ranges));
    }
  }

  /** To be told of every append. */
  stored(
    result: ReadonlyMap<string, Appended>,
    onReplayed: (stream: string, columns: SampleColumns) => void,
  ): void {
    if (this.#waiting.size === 0) return;
    for (const [stream, { stored }] of result) {
      const boots = this.#waiting.get(stream);
      if (boots === undefined) continue;
      const found: Sample[] = [];
      for (const sample of stored) {
        const set = boots.get(sample.boot);
        if (set !== undefined && set.remove(sample.seq) > 0) found.push(sample);
        if (set?.count === 0) boots.delete(sample.boot);
      }
      if (boots.size === 0) this.#waiting.delete(stream);
      found.sort((one, other) => one.at - other.at);
      for (const stretch of cutStretches(found)) onReplayed(stream, toColumns(stretch));
    }
  }
}
