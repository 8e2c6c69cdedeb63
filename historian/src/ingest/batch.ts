import type { SeqRange } from "@fieldmesh/protocol";
import type { Sample } from "@fieldmesh/storage";

/** Readings that are stored together, in the order in which they came. */
export interface Batch {
  readonly streams: Map<string, Sample[]>;
  readings: number;
}

export function newBatch(): Batch {
  return { streams: new Map(), readings: 0 };
}

export function addToBatch(batch: Batch, stream: string, sample: Sample): void {
  const samples = batch.streams.get(stream);
  if (samples === undefined) batch.streams.set(stream, [sample]);
  else samples.push(sample);
  batch.readings += 1;
}

/** Readings of one stream and boot, by their numbers: ascending and closed. */
export interface NamedRanges {
  stream: string;
  boot: number;
  ranges: SeqRange[];
}
