import { RangeSet } from "@fieldmesh/protocol";
import type { Batch, NamedRanges } from "./batch.js";

/** Which readings there are of which stream and boot. */
export class ReadingNames {
  readonly #streams = new Map<string, Map<number, RangeSet>>();

  add(batch: Pick<Batch, "streams">): void {
    for (const [stream, samples] of batch.streams) {
      const boots = this.#streams.get(stream) ?? new Map<number, RangeSet>();
      this.#streams.set(stream, boots);
      for (const { boot, seq } of samples) {
        const set = boots.get(boot) ?? new RangeSet();
        boots.set(boot, set);
        set.add(seq);
      }
    }
  }

  ranges(): NamedRanges[] {
    return [...this.#streams].flatMap(([stream, boots]) =>
      [...boots].map(([boot, set]) => ({ stream, boot, ranges: set.ranges() })),
    );
  }
}
