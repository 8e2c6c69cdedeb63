import { RangeSet } from "@fieldmesh/protocol";
import { StorageError } from "../../errors.js";
import { addPrunedSpans } from "../../samples/pruned-spans.js";
import type { LevelSize } from "../../series.js";
import type { KeptBlock } from "./kept-series.js";
import type { SeriesCollections } from "./series-collections.js";
import { keepHead, type StreamHead, type StreamHeads, tailBytes } from "./stream-heads.js";

/** Blocks, and tails, that one piece removes. */
const PIECE = 100;

type Removed = Pick<KeptBlock, "_id" | "stream" | "n" | "to" | "count" | "bytes" | "boot" | "seq" | "bare">;

/**
 * Removes one piece of what is older. Of a stream first its document is written, which names the blocks that do
 * not count any more, and then they are deleted: what a death leaves between the two is deleted by the next piece.
 * @returns what was removed, and whether there may be more
 */
export async function pruneReadings(
  collections: SeriesCollections,
  heads: StreamHeads,
  before: number,
): Promise<LevelSize & { more: boolean }> {
  const old = await collections.read(() =>
    collections.blocks
      .find(
        { to: { $lt: before } },
        { projection: { stream: 1, n: 1, to: 1, count: 1, bytes: 1, boot: 1, seq: 1, bare: 1 } },
      )
      .limit(PIECE)
      .toArray(),
  );
  const size = { rows: 0, bytes: 0 };
  const streams = new Map<string, Removed[]>();
  for (const block of old as Removed[])
    streams.set(block.stream, [...(streams.get(block.stream) ?? []), block]);
  await heads.load(streams.keys());
  for (const [stream, blocks] of streams) {
    const removed = await pruneBlocks(collections, heads, stream, blocks);
    size.rows += removed.rows;
    size.bytes += removed.bytes;
  }
  if (old.length === PIECE) return { ...size, more: true };
  const tails = (await heads.all())
    .filter(({ tail }) => tail.to !== null && tail.to < before)
    .slice(0, PIECE);
  for (const head of tails) {
    const removed = await pruneTail(collections, heads, head);
    size.rows += removed.rows;
    size.bytes += removed.bytes;
  }
  return { ...size, more: tails.length === PIECE };
}

async function pruneBlocks(
  collections: SeriesCollections,
  heads: StreamHeads,
  stream: string,
  blocks: readonly Removed[],
): Promise<LevelSize> {
  const head = heads.get(stream);
  // One that does not count is only deleted; one that is about to count is not ours.
  const counted = blocks.filter(({ n }) => head !== undefined && n < head.next && !head.gone.includes(n));
  const left = blocks.filter(({ n }) => head === undefined || n >= head.next || head.gone.includes(n));
  const size = { rows: 0, bytes: 0 };
  for (const { count, bytes } of counted) {
    size.rows += count;
    size.bytes += bytes;
  }
  let pruned = head;
  if (head !== undefined && counted.length > 0) {
    const gone = [...head.gone, ...counted.map(({ n }) => n)];
    const oldest = await oldestBlock(collections, stream, head.next, gone);
    const readings = head.readings - size.rows;
    pruned = {
      ...head,
      version: head.version + 1,
      readings,
      bytes: head.bytes - size.bytes,
      from: oldest,
      to: oldest === null ? null : head.to,
      gone,
      bare: withPruned(head, counted.flatMap(bareSeqs)),
      cleared: false,
    };
    await commit(collections, heads, head, pruned);
  }
  const ids = [...counted, ...left].map(({ _id }) => _id);
  await collections.write(() => collections.blocks.deleteMany({ _id: { $in: ids } }));
  if (pruned !== undefined && blocks.length < PIECE) heads.set({ ...pruned, cleared: true });
  return size;
}

async function pruneTail(
  collections: SeriesCollections,
  heads: StreamHeads,
  head: StreamHead,
): Promise<LevelSize> {
  const { readings, first, next } = head.tail;
  const tail = head.bare === null ? [] : ((await heads.tails([head])).get(head._id) ?? []);
  const bare = tail.filter(({ boot }) => boot === 0).map(({ seq }) => seq);
  const pruned: StreamHead = {
    ...head,
    version: head.version + 1,
    firstTail: next,
    bare: withPruned(head, bare),
    tail: { readings: 0, from: null, to: null, documents: 0, first: next, next },
  };
  await commit(collections, heads, head, pruned);
  const filter = { stream: head._id, k: { $gte: first, $lt: next } };
  await collections.write(() => collections.tails.deleteMany(filter));
  return { rows: readings, bytes: tailBytes(head) };
}

/** `at` of the oldest reading in a block. */
async function oldestBlock(
  collections: SeriesCollections,
  stream: string,
  next: number,
  gone: number[],
): Promise<number | null> {
  const filter = { stream, n: { $lt: next, $nin: gone } };
  const [oldest] = await collections.read(() =>
    collections.blocks
      .find(filter, { projection: { from: 1 } })
      .sort({ from: 1 })
      .limit(1)
      .toArray(),
  );
  return oldest?.from ?? null;
}

function bareSeqs({ bare, boot, seq }: Removed): number[] {
  if (bare === undefined) return [];
  return seq.filter((_, index) => (typeof boot === "number" ? boot : boot[index]) === 0);
}

function withPruned({ bare }: StreamHead, seqs: readonly number[]): StreamHead["bare"] {
  if (bare === null || seqs.length === 0) return bare;
  const spans = RangeSet.of(bare.spans.ranges());
  addPrunedSpans(spans, seqs);
  return { newest: bare.newest, spans };
}

async function commit(
  collections: SeriesCollections,
  heads: StreamHeads,
  { _id, version }: StreamHead,
  next: StreamHead,
): Promise<void> {
  heads.forget(_id);
  const { matchedCount } = await collections.write(() =>
    collections.streams.updateOne({ _id, version }, { $set: keepHead(next) }),
  );
  if (matchedCount === 0) {
    throw new StorageError(`series: another process writes stream "${_id}": a store has one writer`);
  }
  heads.set(next);
}
