import { RangeSet, type SeqRange } from "@fieldmesh/protocol";
import type { Fresh } from "./fresh-samples.js";
import type { StreamHead } from "./stream-heads.js";

/** What a stream becomes when numbers of a boot count as stored whose readings are not given. */
export function markedNumbers(head: StreamHead, boot: number, ranges: readonly SeqRange[]): Fresh {
  const fresh: Fresh = { samples: [], duplicates: 0, stored: head.stored, bare: head.bare };
  if (boot === 0) {
    const spans = RangeSet.of([...(head.bare?.spans.ranges() ?? []), ...ranges]);
    const newest = ranges.reduce((most, [, to]) => Math.max(most, to), head.bare?.newest ?? -Infinity);
    return { ...fresh, bare: { newest, spans } };
  }
  const numbers = RangeSet.of([...(head.stored.get(boot)?.ranges() ?? []), ...ranges]);
  return { ...fresh, stored: new Map(head.stored).set(boot, numbers) };
}
