import { RangeSet } from "@fieldmesh/protocol";
import type { SampleColumns, Series } from "@fieldmesh/storage";
import type { NamedRanges } from "../ingest/batch.js";

/** Readings that came just before a checkpoint may have been read so much earlier. */
const MARGIN_MS = 600_000;

/**
 * The readings of these names out of the store, for those who would have been told of them had the process not died.
 * Mostly they are the newest; only what was late is looked for in all of the stream.
 */
export async function replay(
  series: Pick<Series, "range">,
  names: readonly NamedRanges[],
  savedAt: number,
  onReplayed: (stream: string, columns: SampleColumns) => void,
): Promise<void> {
  const streams = new Map<string, Map<number, RangeSet>>();
  for (const { stream, boot, ranges } of names) {
    const boots = streams.get(stream) ?? new Map<number, RangeSet>();
    streams.set(stream, boots);
    boots.set(boot, RangeSet.of(ranges));
  }
  const split = savedAt - MARGIN_MS;
  for (const [stream, boots] of streams) {
    for (const range of [
      { from: split, to: Number.MAX_SAFE_INTEGER },
      { from: Number.MIN_SAFE_INTEGER, to: split },
    ]) {
      if ([...boots.values()].every((set) => set.count === 0)) break;
      for await (const columns of series.range(stream, range)) {
        const found = take(columns, boots);
        if (found !== undefined) onReplayed(stream, found);
      }
    }
  }
}

/** Those of the columns that are in the sets, and out of the sets. */
function take(columns: SampleColumns, boots: ReadonlyMap<number, RangeSet>): SampleColumns | undefined {
  const kept: number[] = [];
  for (let index = 0; index < columns.length; index += 1) {
    const seq = columns.seq[index] ?? 0;
    const set = boots.get(columns.boot[index] ?? 0);
    if (set?.has(seq) !== true) continue;
    set.remove(seq);
    kept.push(index);
  }
  if (kept.length === 0) return undefined;
  if (kept.length === columns.length) return columns;
  const pick = (column: Float64Array): Float64Array =>
    Float64Array.from(kept, (index) => column[index] ?? Number.NaN);
  const places = new Map(kept.map((index, place) => [index, place]));
  return {
    length: kept.length,
    at: pick(columns.at),
    timestamp: pick(columns.timestamp),
    value: pick(columns.value),
    boot: pick(columns.boot),
    seq: pick(columns.seq),
    unit: columns.unit,
    valueType: columns.valueType,
    marks: columns.marks.flatMap((mark) => {
      const place = places.get(mark.index);
      return place === undefined ? [] : [{ ...mark, index: place }];
    }),
  };
}
