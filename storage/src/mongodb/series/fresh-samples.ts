import { RangeSet, type SeqRange } from "@fieldmesh/protocol";
import { joinRanges } from "../../samples/number-pages.js";
import type { Sample } from "../../series.js";
import type { KeptOlder, KeptRange } from "./kept-series.js";
import type { SeriesCollections } from "./series-collections.js";
import type { StreamHead } from "./stream-heads.js";

/** Ranges that a stream's document holds at most: each of its writes carries them. */
const MAX_RANGES = 256;

/** What an append would make of a stream: nothing of it holds until it is written. */
export interface Fresh {
  samples: Sample[];
  duplicates: number;
  stored: ReadonlyMap<number, RangeSet>;
  bare: StreamHead["bare"];
}

/** Those of the samples that were never stored; of samples with one number the first counts. */
export async function freshSamples(
  collections: SeriesCollections,
  head: StreamHead,
  samples: readonly Sample[],
  tail: () => Promise<readonly Sample[]>,
): Promise<Fresh> {
  const older = await olderNumbers(collections, head, samples);
  const taken = await takenBare(collections, head, samples, tail);
  const stored = new Map(head.stored);
  const own = new Set<number>();
  const fresh: Sample[] = [];
  let newest = head.bare?.newest;
  for (const sample of samples) {
    const { boot, seq } = sample;
    if (boot === 0) {
      if (taken(seq)) continue;
      taken.add(seq);
      newest = Math.max(seq, newest ?? seq);
    } else {
      if (older.get(boot)?.has(seq) === true) continue;
      if (!own.has(boot)) {
        own.add(boot);
        stored.set(boot, RangeSet.of(stored.get(boot)?.ranges() ?? []));
      }
      if (stored.get(boot)?.add(seq) === 0) continue;
    }
    fresh.push(sample);
  }
  const bare = newest === undefined ? null : { newest, spans: head.bare?.spans ?? new RangeSet() };
  return { samples: fresh, duplicates: samples.length - fresh.length, stored, bare };
}

/** Numbers that have moved out of the stream's document, of the boots that are asked for. */
async function olderNumbers(
  collections: SeriesCollections,
  { _id: stream, older }: StreamHead,
  samples: readonly Sample[],
): Promise<Map<number, RangeSet>> {
  const found = new Map<number, RangeSet>();
  if (older === null) return found;
  const isOlder = ({ boot, seq }: Sample) =>
    boot !== 0 && (boot < older.boot || (boot === older.boot && seq <= older.seq));
  for (const sample of samples) {
    if (!isOlder(sample) || found.has(sample.boot)) continue;
    found.set(sample.boot, RangeSet.of(await olderRanges(collections, stream, sample.boot)));
  }
  return found;
}

/** The numbers of a boot that have moved. */
async function olderRanges(
  collections: SeriesCollections,
  stream: string,
  boot: number,
): Promise<SeqRange[]> {
  const filter = { stream, firstBoot: { $lte: boot }, lastBoot: { $gte: boot } };
  const documents = await collections.read(() => collections.older.find(filter).toArray());
  return rangesOf(documents, boot);
}

function rangesOf(documents: readonly KeptOlder[], boot: number): SeqRange[] {
  return documents.flatMap(({ ranges }) =>
    ranges.filter((range) => range.boot === boot).map(({ from, to }): SeqRange => [from, to]),
  );
}

interface Taken {
  (seq: number): boolean;
  add(seq: number): void;
}

/** Which numbers of readings without accounting are taken: they are looked up in the readings themselves. */
async function takenBare(
  collections: SeriesCollections,
  head: StreamHead,
  samples: readonly Sample[],
  tail: () => Promise<readonly Sample[]>,
): Promise<Taken> {
  const newest = head.bare?.newest ?? Number.NEGATIVE_INFINITY;
  const spans = head.bare?.spans ?? new RangeSet();
  const asked = samples.filter(({ boot, seq }) => boot === 0 && seq <= newest).map(({ seq }) => seq);
  const numbers = new Set<number>();
  if (asked.length > 0) {
    for (const { boot, seq } of await tail()) if (boot === 0) numbers.add(seq);
    const [least, most] = asked.reduce(
      ([a, b], seq) => [Math.min(a, seq), Math.max(b, seq)],
      [newest, -Infinity],
    );
    for (const seq of await bareInBlocks(collections, head, least ?? newest, most ?? newest))
      numbers.add(seq);
  }
  const taken = (seq: number) => numbers.has(seq) || spans.has(seq);
  return Object.assign(taken, { add: (seq: number) => void numbers.add(seq) });
}

async function bareInBlocks(
  collections: SeriesCollections,
  { _id: stream, next, gone }: StreamHead,
  least: number,
  most: number,
): Promise<number[]> {
  const filter = {
    stream,
    n: { $lt: next, $nin: gone },
    "bare.from": { $lte: most },
    "bare.to": { $gte: least },
  };
  const cursor = collections.blocks.find(filter, { projection: { boot: 1, seq: 1 } });
  const seqs: number[] = [];
  for (;;) {
    const block = await collections.read(() => cursor.next());
    if (block === null) return seqs;
    for (const [index, seq] of block.seq.entries()) {
      const boot = typeof block.boot === "number" ? block.boot : block.boot[index];
      if (boot === 0 && seq >= least && seq <= most) seqs.push(seq);
    }
  }
}

/** Which numbers of a boot were ever stored. */
export async function storedNumbers(
  collections: SeriesCollections,
  head: StreamHead,
  boot: number,
  tail: () => Promise<readonly Sample[]>,
): Promise<SeqRange[]> {
  if (boot === 0) {
    if (head.bare === null) return [];
    const seqs = await bareInBlocks(collections, head, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    for (const sample of await tail()) if (sample.boot === 0) seqs.push(sample.seq);
    const numbers = RangeSet.of(head.bare.spans.ranges());
    for (const seq of seqs.sort((a, b) => a - b)) numbers.add(seq);
    return numbers.ranges();
  }
  const own = head.stored.get(boot)?.ranges() ?? [];
  if (head.older === null || boot > head.older.boot) return own;
  const older = await olderRanges(collections, head._id, boot);
  return joinRanges([...own, ...older].sort(([a], [b]) => a - b));
}

/** Boots of which anything was ever stored. */
export async function storedBoots(collections: SeriesCollections, head: StreamHead): Promise<number[]> {
  const boots = new Set(head.stored.keys());
  if (head.bare !== null) boots.add(0);
  if (head.older !== null) {
    const filter = { stream: head._id };
    const documents = await collections.read(() => collections.older.find(filter).toArray());
    for (const { ranges } of documents) for (const { boot } of ranges) boots.add(boot);
  }
  return [...boots].sort((a, b) => a - b);
}

/**
 * Moves the lowest ranges out of a stream's document when it has too many: first they are written where they go,
 * and the next write of the stream's document leaves them out. Until then they are in both, which is the same.
 */
export async function moveOldRanges(collections: SeriesCollections, head: StreamHead): Promise<StreamHead> {
  let count = 0;
  for (const set of head.stored.values()) count += set.size;
  if (count <= MAX_RANGES) return head;
  const all: KeptRange[] = [...head.stored]
    .sort(([a], [b]) => a - b)
    .flatMap(([boot, set]) => set.ranges().map(([from, to]) => ({ boot, from, to })));
  const ranges = all.slice(0, count - MAX_RANGES / 2);
  const [first] = ranges;
  const last = ranges.at(-1);
  if (first === undefined || last === undefined) return head;
  const id = `${head._id} ${first.boot} ${first.from} ${last.boot} ${last.to} ${ranges.length}`;
  const moved = { stream: head._id, firstBoot: first.boot, lastBoot: last.boot, ranges };
  await collections.write(() => collections.older.replaceOne({ _id: id }, moved, { upsert: true }));
  const stored = new Map<number, RangeSet>();
  for (const { boot, from, to } of all.slice(ranges.length)) {
    const set = stored.get(boot) ?? new RangeSet();
    set.add(from, to);
    stored.set(boot, set);
  }
  const { older } = head;
  const isHigher =
    older === null || last.boot > older.boot || (last.boot === older.boot && last.to > older.seq);
  return { ...head, stored, older: isHigher ? { boot: last.boot, seq: last.to } : older };
}
