import type { SeqRange } from "@fieldmesh/protocol";
import { StorageError, WriteFailedError } from "../../errors.js";
import { MAX_BLOCK } from "../../samples/merge-block.js";
import type { Appended, Sample } from "../../series.js";
import { isTaken } from "../mongo-failure.js";
import { Doubts } from "./doubts.js";
import { type Fresh, freshSamples, moveOldRanges } from "./fresh-samples.js";
import { type KeptBlock, type KeptTail, keepBlock, keepTail, sortSamples, tailId } from "./kept-series.js";
import { markedNumbers } from "./marked-numbers.js";
import { sealTail } from "./seal-tail.js";
import type { SeriesCollections } from "./series-collections.js";
import { greatest, keepHead, least, newHead, type StreamHead, type StreamHeads } from "./stream-heads.js";

/** Streams whose tails are sealed at once, and that are added to by one command. */
const MAX_SEALED = 64;
const MAX_ADDED = 1_000;
/** Tails of a stream before they are put together: what a reader has to read, against what is written again. */
const MIN_TAILS = 24;
/** Numbers of blocks that a write which was not finished has taken are left out. */
const MAX_TRIES = 3;
const FOREIGN = "series: another process writes the same streams: a store has one writer";

class ForeignWriteError extends StorageError {}

interface Plan {
  head: StreamHead;
  fresh: Fresh;
}

/**
 * Appends to streams. Readings go into a tail, a small document, and hold when that is written; later they are put
 * together in fewer tails, and at last in blocks. What takes the place of others is written before they are
 * deleted, and does not count before, or they do not after: so nothing is lost or doubled wherever a writer, a
 * server or a connection dies, when the same is appended again.
 */
export class SampleAppends {
  readonly #collections: SeriesCollections;
  readonly #heads: StreamHeads;
  readonly #doubts = new Doubts();

  constructor(collections: SeriesCollections, heads: StreamHeads) {
    this.#collections = collections;
    this.#heads = heads;
  }

  async append(batch: ReadonlyMap<string, readonly Sample[]>): Promise<Map<string, Appended>> {
    try {
      return await this.#append(batch);
    } catch (error) {
      // A write of our own that came late, or one that wrote before us: it is read again, once.
      if (!(error instanceof ForeignWriteError)) throw error;
      return this.#append(batch);
    }
  }

  async #append(batch: ReadonlyMap<string, readonly Sample[]>): Promise<Map<string, Appended>> {
    await this.#heads.load(batch.keys());
    const appended = new Map<string, Appended>();
    const plans: Plan[] = [];
    for (const [stream, samples] of batch) {
      // What moves is what holds already: the numbers of this call are not among it.
      const head = await moveOldRanges(this.#collections, this.#heads.get(stream) ?? newHead(stream));
      const fresh = await freshSamples(this.#collections, head, samples, () => this.#tail(head));
      appended.set(stream, this.#doubts.told(stream, samples, fresh));
      if (fresh.samples.length > 0) plans.push({ head, fresh });
    }
    try {
      await this.#write(plans);
    } catch (error) {
      for (const { head, fresh } of plans) {
        this.#heads.forget(head._id);
        this.#doubts.add(head._id, fresh.samples);
      }
      throw error;
    }
    for (const stream of batch.keys()) this.#doubts.settle(stream);
    return appended;
  }

  /** Counts numbers as stored whose readings are not given. */
  async mark(stream: string, boot: number, ranges: readonly SeqRange[]): Promise<void> {
    await this.#heads.load([stream]);
    const [head] = await this.#known([this.#heads.get(stream) ?? newHead(stream)]);
    if (head === undefined) return;
    const moved = await moveOldRanges(this.#collections, head);
    const { stored, bare } = markedNumbers(moved, boot, ranges);
    this.#heads.forget(stream);
    await this.#commit([{ before: head, after: { ...moved, version: head.version + 1, stored, bare } }]);
  }

  async #write(plans: readonly Plan[]): Promise<void> {
    const heads = await this.#known(plans.map(({ head }) => head));
    const known = plans.map(({ fresh }, at) => ({ head: heads[at] ?? newHead(""), fresh }));
    const adds = known.filter((plan) => !isFull(plan));
    for (let at = 0; at < adds.length; at += MAX_ADDED) await this.#add(adds.slice(at, at + MAX_ADDED));
    const seals = known.filter(isFull);
    const atOnce = Math.min(MAX_SEALED, this.#collections.connection.maxUpdates);
    for (let at = 0; at < seals.length; at += atOnce) await this.#seal(seals.slice(at, at + atOnce));
  }

  /** The same heads, with documents for streams that are new. */
  async #known(heads: readonly StreamHead[]): Promise<StreamHead[]> {
    const known = heads.map((head) => (head.version === 0 ? { ...head, version: 1 } : head));
    const documents = known
      .filter((_, at) => heads[at]?.version === 0)
      .map((head) => ({ _id: head._id, ...keepHead({ ...newHead(head._id), version: 1 }) }));
    if (documents.length > 0) {
      await this.#insert(() => this.#collections.streams.insertMany(documents, { ordered: false }));
    }
    return known;
  }

  /** Adds a tail to each stream. Where there are many it takes in those before it. */
  async #add(plans: readonly Plan[]): Promise<void> {
    const crowded = plans
      .filter(({ head }) => head.tail.documents >= maxTails(head._id))
      .map(({ head }) => head);
    const before = crowded.length === 0 ? new Map<string, Sample[]>() : await this.#heads.tails(crowded);
    const tails: KeptTail[] = [];
    const heads: StreamHead[] = [];
    const dead: string[] = [];
    for (const { head, fresh } of plans) {
      const { _id: stream, tail } = head;
      const own = before.get(stream);
      tails.push(keepTail(stream, tail.next, [...(own ?? []), ...fresh.samples], own !== undefined));
      if (own !== undefined) dead.push(...tailIds(head, tail.next));
      const times = fresh.samples.map(({ at }) => at);
      heads.push({
        ...head,
        stored: fresh.stored,
        bare: fresh.bare,
        tail: {
          readings: tail.readings + fresh.samples.length,
          from: least(tail.from, times),
          to: greatest(tail.to, times),
          documents: own === undefined ? tail.documents + 1 : 1,
          first: own === undefined ? tail.first : tail.next,
          next: tail.next + 1,
        },
      });
    }
    await this.#insert(() => this.#collections.tails.insertMany(tails, { ordered: false }));
    await this.#deleteTails(dead);
    for (const head of heads) this.#heads.set(head);
  }

  /** Makes blocks of tails that are full. */
  async #seal(plans: readonly Plan[]): Promise<void> {
    const tails = await this.#heads.tails(plans.map(({ head }) => head));
    let heads = plans.map(({ head }) => head);
    for (let attempt = 1; ; attempt += 1) {
      const sealed = plans.flatMap(({ fresh }, at) => {
        const head = heads[at];
        return head === undefined ? [] : [sealedStream(head, fresh, tails.get(head._id) ?? [])];
      });
      const blocks = sealed.flatMap((one) => one.blocks);
      try {
        await this.#collections.write(() => this.#collections.blocks.insertMany(blocks, { ordered: false }));
      } catch (error) {
        if (attempt === MAX_TRIES || !(error instanceof WriteFailedError) || !isTaken(error.cause))
          throw error;
        heads = await this.#withoutLeftBlocks(heads);
        continue;
      }
      // What is left over is in two tails until the stream's document says so, which is the same as in one.
      const rest = sealed.flatMap(({ rest: tail }) => tail);
      if (rest.length > 0) {
        await this.#insert(() => this.#collections.tails.insertMany(rest, { ordered: false }));
      }
      await this.#commit(sealed);
      await this.#deleteTails(heads.flatMap((head) => tailIds(head, head.tail.next)));
      return;
    }
  }

  /** Passes over numbers of blocks that a write left which was not finished. */
  async #withoutLeftBlocks(heads: readonly StreamHead[]): Promise<StreamHead[]> {
    const passed: StreamHead[] = [];
    for (const head of heads) {
      const filter = { stream: head._id, n: { $gte: head.next } };
      const left = await this.#collections.read(() =>
        this.#collections.blocks.find(filter, { projection: { n: 1 } }).toArray(),
      );
      const gone = [...head.gone, ...left.map(({ n }) => n)];
      passed.push({
        ...head,
        gone,
        next: Math.max(head.next, ...left.map(({ n }) => n + 1)),
        cleared: false,
      });
    }
    return passed;
  }

  /** Writes streams' documents, each in place of the version that was read. */
  async #commit(writes: readonly { before: StreamHead; after: StreamHead }[]): Promise<void> {
    const operations = writes.map(({ before, after }) => ({
      replaceOne: { filter: { _id: before._id, version: before.version }, replacement: keepHead(after) },
    }));
    const { matchedCount } = await this.#collections.write(() =>
      this.#collections.streams.bulkWrite(operations, { ordered: false }),
    );
    if (matchedCount !== writes.length) throw new ForeignWriteError(FOREIGN);
    for (const { after } of writes) this.#heads.set(after);
  }

  async #insert(work: () => Promise<unknown>): Promise<void> {
    try {
      await this.#collections.write(work);
    } catch (error) {
      if (error instanceof WriteFailedError && isTaken(error.cause)) throw new ForeignWriteError(FOREIGN);
      throw error;
    }
  }

  async #deleteTails(ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#collections.write(() => this.#collections.tails.deleteMany({ _id: { $in: ids } }));
  }

  async #tail(head: StreamHead): Promise<Sample[]> {
    return (await this.#heads.tails([head])).get(head._id) ?? [];
  }
}

function isFull({ head, fresh }: Plan): boolean {
  return head.tail.readings + fresh.samples.length > MAX_BLOCK;
}

/** Tails of a stream at most; not the same for all, so that streams that are read together take turns. */
function maxTails(stream: string): number {
  let hash = 0;
  for (let at = 0; at < stream.length; at += 1) hash = (hash * 31 + stream.charCodeAt(at)) % MIN_TAILS;
  return MIN_TAILS + hash;
}

/** Ids of the tails before this number that may be there. */
function tailIds({ _id: stream, tail: { first } }: StreamHead, before: number): string[] {
  return Array.from({ length: before - first }, (_, n) => tailId(stream, first + n));
}

function sealedStream(
  before: StreamHead,
  fresh: Fresh,
  tail: readonly Sample[],
): { before: StreamHead; after: StreamHead; blocks: KeptBlock[]; rest: KeptTail[] } {
  const { _id: stream, next, bytes, readings } = before;
  const cut = sealTail(sortSamples([...tail, ...fresh.samples]), before.to);
  const blocks = cut.blocks.map((samples, n) => keepBlock(stream, next + n, samples));
  const k = before.tail.next;
  const rest = cut.rest.length === 0 ? [] : [keepTail(stream, k, cut.rest, false)];
  const times = cut.rest.map(({ at }) => at);
  const after: StreamHead = {
    ...before,
    version: before.version + 1,
    readings: blocks.reduce((sum, { count }) => sum + count, readings),
    bytes: blocks.reduce((sum, block) => sum + block.bytes, bytes),
    from: least(
      before.from,
      blocks.map(({ from }) => from),
    ),
    to: greatest(
      before.to,
      blocks.map(({ to }) => to),
    ),
    next: next + blocks.length,
    gone: before.cleared ? [] : before.gone,
    cleared: false,
    firstTail: k,
    stored: fresh.stored,
    bare: fresh.bare,
    tail: {
      readings: cut.rest.length,
      from: least(null, times),
      to: greatest(null, times),
      documents: rest.length,
      first: k,
      next: k + rest.length,
    },
  };
  return { before, after, blocks, rest };
}
