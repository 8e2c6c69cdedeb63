import type { Filter } from "mongodb";
import { MAX_BLOCK } from "../../samples/merge-block.js";
import { cutStretches, toColumns } from "../../samples/sample-columns.js";
import type { Sample, SampleColumns, TimeRange } from "../../series.js";
import { giveReadings, type KeptBlock, type KeptStream, sortSamples, tailReadings } from "./kept-series.js";
import type { SeriesCollections } from "./series-collections.js";

/** Blocks fetched at once: about a megabyte. */
const BATCH = 16;

/**
 * Readings of a range as they are now: a stream's document says which blocks count, and those do not change, so
 * that what is appended meanwhile changes nothing.
 */
export async function* readRange(
  collections: SeriesCollections,
  stream: string,
  { from, to, order }: TimeRange,
): AsyncGenerator<SampleColumns> {
  const kept = await readStream(collections, stream);
  if (kept === undefined || from >= to) return;
  const isWithin = ({ at }: Sample) => at >= from && at < to;
  const descending = order === "descending";
  const sources = withTail(
    blocksOf(collections, kept, { from: { $lt: to }, to: { $gte: from } }, descending),
    kept.tail.filter(isWithin),
    descending,
  );
  /** By time; of overlapping blocks. */
  let held: Sample[] = [];
  for await (const source of sources) {
    const edge = descending ? source.at(-1) : source[0];
    if (edge === undefined) continue;
    // No block that follows has anything before (after) this one's first (last).
    const ready = split(held, edge.at, descending);
    yield* columnsOf(ready.given, descending);
    held = ready.held.length === 0 ? source : sortSamples([...ready.held, ...source]);
  }
  yield* columnsOf(held, descending);

  function split(samples: Sample[], edge: number, back: boolean): { given: Sample[]; held: Sample[] } {
    const at = samples.findIndex((sample) => (back ? sample.at > edge : sample.at >= edge));
    const before = at === -1 ? samples : samples.slice(0, at);
    const after = at === -1 ? [] : samples.slice(at);
    return back ? { given: after, held: before } : { given: before, held: after };
  }

  /** The tail among the blocks, where its first (last) reading belongs. */
  async function* withTail(
    blocks: AsyncGenerator<KeptBlock>,
    tail: Sample[],
    back: boolean,
  ): AsyncGenerator<Sample[]> {
    let rest = tail;
    for await (const block of blocks) {
      const [first] = rest;
      const last = rest.at(-1);
      if (
        first !== undefined &&
        last !== undefined &&
        (back ? last.at >= block.to : first.at <= block.from)
      ) {
        yield rest;
        rest = [];
      }
      yield giveReadings(block).filter(isWithin);
    }
    yield rest;
  }
}

/** A stream's document and its readings that are not in blocks, by time. */
async function readStream(
  collections: SeriesCollections,
  stream: string,
): Promise<(KeptStream & { tail: Sample[] }) | undefined> {
  let before: number | undefined;
  for (;;) {
    // Tails first: what is moved into a block and deleted meanwhile is in what the document then names.
    const tails = await collections.read(() => collections.tails.find({ stream }).toArray());
    const kept = await collections.read(() => collections.streams.findOne({ _id: stream }));
    if (kept === null) return undefined;
    const { firstTail } = kept;
    // None of those that count: they may have been written, as a block was made, after tails were read.
    if (firstTail === 0 || firstTail === before || tails.some(({ k }) => k >= firstTail)) {
      return { ...kept, tail: tailReadings(tails, firstTail) };
    }
    before = firstTail;
  }
}

async function* blocksOf(
  collections: SeriesCollections,
  { _id: stream, next, gone }: Pick<KeptStream, "_id" | "next" | "gone">,
  filter: Filter<KeptBlock>,
  descending: boolean,
): AsyncGenerator<KeptBlock> {
  if (next === 0) return;
  const cursor = collections.blocks
    .find({ stream, n: { $lt: next, $nin: gone }, ...filter } as Filter<KeptBlock>)
    .sort(descending ? { to: -1 } : { from: 1 })
    .batchSize(BATCH);
  try {
    for (;;) {
      const block = await collections.read(() => cursor.next());
      if (block === null) return;
      yield block;
    }
  } finally {
    await cursor.close().catch(() => {}); // the server lets go of one that is left
  }
}

function* columnsOf(samples: readonly Sample[], descending: boolean): Generator<SampleColumns> {
  const stretches = cutStretches(samples).flatMap((stretch) =>
    Array.from({ length: Math.ceil(stretch.length / MAX_BLOCK) }, (_, n) =>
      stretch.slice(n * MAX_BLOCK, (n + 1) * MAX_BLOCK),
    ),
  );
  if (descending) stretches.reverse();
  for (const stretch of stretches) yield toColumns(stretch);
}

/** The newest by `at`. */
export async function readLatest(
  collections: SeriesCollections,
  stream: string,
): Promise<Sample | undefined> {
  const kept = await readStream(collections, stream);
  if (kept === undefined) return undefined;
  const candidates = [...kept.tail];
  const newestInTail = candidates.at(-1);
  if (kept.to !== null && (newestInTail === undefined || kept.to >= newestInTail.at)) {
    for await (const newest of blocksOf(collections, kept, {}, true)) {
      // Blocks of one end share its time; the next one tells that there are no more.
      const greatest = candidates.at(-1);
      if (greatest !== undefined && newest.to < greatest.at) break;
      candidates.push(...giveReadings(newest));
      sortSamples(candidates);
    }
  }
  return candidates.at(-1);
}
