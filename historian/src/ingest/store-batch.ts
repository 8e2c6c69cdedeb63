import type { Appended, Sample, Series } from "@fieldmesh/storage";
import type { Batch } from "./batch.js";

export interface StoreBatchOptions {
  series: Pick<Series, "append">;
  /** After each call that the store took. */
  onStored: (result: ReadonlyMap<string, Appended>) => void;
  /** A reading that the store takes in no way, and why. */
  onRefused: (stream: string, sample: Sample, error: Error) => void;
}

/**
 * Stores a batch. A stream that the store refuses a reading of is stored by itself, but for that reading: it must
 * not keep the others waiting.
 * @throws whatever the store throws but SampleError; then the batch may be stored in part, and can be given again
 */
export async function storeBatch(batch: Pick<Batch, "streams">, options: StoreBatchOptions): Promise<void> {
  const rest = new Map(batch.streams);
  while (rest.size > 0) {
    const refused = await tryAppend(rest, options);
    if (refused === undefined) return;
    const { stream } = refused;
    const samples = stream === undefined ? undefined : rest.get(stream);
    if (stream === undefined || samples === undefined) {
      // It does not say which: each by itself then.
      for (const [name, some] of rest) await storeStream(name, some, options);
      return;
    }
    rest.delete(stream);
    await storeStream(stream, samples, options);
  }
}

/** Halves what is refused until only single readings are. */
async function storeStream(
  stream: string,
  samples: readonly Sample[],
  options: StoreBatchOptions,
): Promise<void> {
  const refused = await tryAppend(new Map([[stream, samples]]), options);
  if (refused === undefined) return;
  const [only] = samples;
  if (samples.length === 1 && only !== undefined) {
    options.onRefused(stream, only, refused);
    return;
  }
  const middle = samples.length >>> 1;
  await storeStream(stream, samples.slice(0, middle), options);
  await storeStream(stream, samples.slice(middle), options);
}

/** The store's refusal of a reading, or undefined when all are stored. */
async function tryAppend(
  streams: ReadonlyMap<string, readonly Sample[]>,
  { series, onStored }: StoreBatchOptions,
): Promise<(Error & { stream?: string }) | undefined> {
  let result: Map<string, Appended>;
  try {
    result = await series.append(streams);
  } catch (error) {
    if (isSampleError(error)) return error;
    throw error;
  }
  onStored(result);
  return undefined;
}

function isSampleError(error: unknown): error is Error & { stream?: string } {
  return error instanceof Error && "code" in error && error.code === "sample";
}
