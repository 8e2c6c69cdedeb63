import { RangeSet } from "@fieldmesh/protocol";
import { StorageError } from "../../errors.js";
import { addPrunedSpans } from "../../samples/pruned-spans.js";
import type { LevelSize, Sample } from "../../series.js";
import { EMPTY_TAIL, type KeptBlock, type KeptStream } from "./kept-series.js";
import type { SeriesCollections } from "./series-collections.js";
import { keepHead, type StreamHead, type StreamHeads } from "./stream-heads.js";

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
      from: leastOf(oldest, head.tail.from),
      to: readings === 0 ? null : head.to,
      sealedTo: oldest === null ? null : head.sealedTo,
      gone,
      bare: withPruned(head, counted.flatMap(bareSeqs)),
      cleared: false,
    };
    await commit(collections, heads, head, pruned, {});
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
  const { count } = head.tail;
  const tail = head.bare === null ? [] : ((await heads.tails([head._id])).get(head._id) ?? []);
  const oldest = await oldestBlock(collections, head._id, head.next, head.gone);
  const share = oldest === null ? head.bytes : Math.round((head.bytes * count) / Math.max(1, head.readings));
  const readings = head.readings - count;
  const pruned: StreamHead = {
    ...head,
    version: head.version + 1,
    readings,
    bytes: head.bytes - share,
    from: oldest,
    to: readings === 0 ? null : head.to,
    tail: { count: 0, from: null, to: null },
    bare: withPruned(
      head,
      tail.filter(({ boot }) => boot === 0).map(({ seq }: Sample) => seq),
    ),
  };
  await commit(collections, heads, head, pruned, { tail: EMPTY_TAIL });
  return { rows: count, bytes: share };
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

function leastOf(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
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
  more: Partial<KeptStream>,
): Promise<void> {
  heads.forget(_id);
  const { matchedCount } = await collections.write(() =>
    collections.streams.updateOne({ _id, version }, { $set: { ...keepHead(next), ...more } }),
  );
  if (matchedCount === 0) {
    throw new StorageError(`series: another process writes stream "${_id}": a store has one writer`);
  }
  heads.set(next);
}
