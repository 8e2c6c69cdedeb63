import type { SeqRange } from "@fieldmesh/protocol";
import type { AnyBulkWriteOperation } from "mongodb";
import { StorageError, WriteFailedError } from "../../errors.js";
import { MAX_BLOCK } from "../../samples/merge-block.js";
import type { Appended, Sample } from "../../series.js";
import { isTaken } from "../mongo-failure.js";
import { type Fresh, freshSamples, moveOldRanges } from "./fresh-samples.js";
import {
  EMPTY_TAIL,
  type KeptBlock,
  type KeptStream,
  keepBlock,
  keepReadings,
  sortSamples,
} from "./kept-series.js";
import { markedNumbers } from "./marked-numbers.js";
import { sealTail } from "./seal-tail.js";
import type { SeriesCollections } from "./series-collections.js";
import { keepHead, newHead, type StreamHead, type StreamHeads } from "./stream-heads.js";

/** What a reading in the tail takes, about: seven lists with the names of their places. */
const TAIL_READING = 100; // bytes
/** Streams whose tails are read and sealed at once. */
const MAX_SEALED = 64;
/** Numbers that a write which was not finished has taken are left out. */
const MAX_TRIES = 3;

interface Plan {
  head: StreamHead;
  fresh: Fresh;
}

/**
 * Appends to streams. A reading holds when its stream's document is written, in one step with all that follows
 * from it; blocks are written before it and do not count until it names them. So nothing is lost or doubled
 * wherever a writer, a server or a connection dies, when the same is appended again.
 */
export class SampleAppends {
  readonly #collections: SeriesCollections;
  readonly #heads: StreamHeads;
  /** Of appends that failed: what may be stored, though nobody was told. */
  readonly #doubts = new Map<string, Set<string>>();

  constructor(collections: SeriesCollections, heads: StreamHeads) {
    this.#collections = collections;
    this.#heads = heads;
  }

  async append(batch: ReadonlyMap<string, readonly Sample[]>): Promise<Map<string, Appended>> {
    await this.#heads.load(batch.keys());
    const appended = new Map<string, Appended>();
    const plans: Plan[] = [];
    for (const [stream, samples] of batch) {
      // What moves is what holds already: the numbers of this call are not among it.
      const head = await moveOldRanges(this.#collections, this.#heads.get(stream) ?? newHead(stream));
      const fresh = await freshSamples(this.#collections, head, samples, () => this.#tail(stream));
      appended.set(stream, this.#told(stream, samples, fresh));
      if (fresh.samples.length > 0) plans.push({ head, fresh });
    }
    try {
      await this.#write(plans);
    } catch (error) {
      for (const { head, fresh } of plans) {
        this.#heads.forget(head._id);
        this.#doubt(head._id, fresh.samples);
      }
      throw error;
    }
    for (const stream of batch.keys()) this.#doubts.delete(stream);
    return appended;
  }

  /** Counts numbers as stored whose readings are not given. */
  async mark(stream: string, boot: number, ranges: readonly SeqRange[]): Promise<void> {
    await this.#heads.load([stream]);
    const head = await moveOldRanges(this.#collections, this.#heads.get(stream) ?? newHead(stream));
    await this.#push([{ head, fresh: markedNumbers(head, boot, ranges) }]);
  }

  async #write(plans: readonly Plan[]): Promise<void> {
    const pushes: Plan[] = [];
    const seals: Plan[] = [];
    for (const plan of plans) {
      const count = plan.head.tail.count + plan.fresh.samples.length;
      (count > MAX_BLOCK ? seals : pushes).push(plan);
    }
    const { maxUpdates } = this.#collections.connection;
    for (let at = 0; at < pushes.length; at += maxUpdates)
      await this.#push(pushes.slice(at, at + maxUpdates));
    const atOnce = Math.min(MAX_SEALED, maxUpdates);
    for (let at = 0; at < seals.length; at += atOnce) await this.#seal(seals.slice(at, at + atOnce));
  }

  /** Adds readings to tails. */
  async #push(plans: readonly Plan[]): Promise<void> {
    const writes: { head: StreamHead; operation: AnyBulkWriteOperation<KeptStream> }[] = [];
    for (const { head, fresh } of plans) {
      const { samples } = fresh;
      const times = samples.map(({ at }) => at);
      const tail = {
        count: head.tail.count + samples.length,
        from: least(head.tail.from, times),
        to: greatest(head.tail.to, times),
      };
      const next = following(head, fresh, { tail, bytes: head.bytes + samples.length * TAIL_READING });
      const { marks, ...lists } = keepReadings(samples, head.tail.count);
      const push = Object.entries({ ...lists, ...(marks.length === 0 ? {} : { marks }) });
      const fields = {
        ...keepHead(next),
        "tail.count": tail.count,
        "tail.from": tail.from,
        "tail.to": tail.to,
      };
      const operation: AnyBulkWriteOperation<KeptStream> =
        head.version === 0
          ? insertion(next, samples)
          : {
              updateOne: {
                filter: { _id: head._id, version: head.version },
                update: {
                  $set: fields,
                  $push: Object.fromEntries(
                    push.map(([name, list]) => [`tail.${name}`, { $each: list }]),
                  ) as never,
                },
              },
            };
      writes.push({ head: next, operation });
    }
    await this.#commit(writes);
  }

  /** Makes blocks of tails that are full. */
  async #seal(plans: readonly Plan[]): Promise<void> {
    const known = plans.filter(({ head }) => head.tail.count > 0).map(({ head }) => head._id);
    const tails = known.length === 0 ? new Map<string, Sample[]>() : await this.#heads.tails(known);
    let heads = plans.map(({ head }) => head);
    for (let attempt = 1; ; attempt += 1) {
      const blocks: KeptBlock[] = [];
      const writes: { head: StreamHead; operation: AnyBulkWriteOperation<KeptStream> }[] = [];
      for (const [at, { fresh }] of plans.entries()) {
        const head = heads[at];
        if (head === undefined) continue;
        const all = sortSamples([...(tails.get(head._id) ?? []), ...fresh.samples]);
        const { blocks: cut, rest } = sealTail(all, head.sealedTo);
        const made = cut.map((samples, n) => keepBlock(head._id, head.next + n, samples));
        blocks.push(...made);
        const next = following(head, fresh, sealed(head, made, rest));
        const { _id, ...replacement } = document(next, rest);
        writes.push({
          head: next,
          operation:
            head.version === 0
              ? insertion(next, rest)
              : { replaceOne: { filter: { _id, version: head.version }, replacement } },
        });
      }
      try {
        await this.#collections.write(() => this.#collections.blocks.insertMany(blocks, { ordered: false }));
      } catch (error) {
        if (attempt === MAX_TRIES || !(error instanceof WriteFailedError) || !isTaken(error.cause))
          throw error;
        heads = await this.#withoutLeftBlocks(heads);
        continue;
      }
      await this.#commit(writes);
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
  async #commit(
    writes: readonly { head: StreamHead; operation: AnyBulkWriteOperation<KeptStream> }[],
  ): Promise<void> {
    const operations = writes.map(({ operation }) => operation);
    const { matchedCount, insertedCount } = await this.#collections.write(() =>
      this.#collections.streams.bulkWrite(operations, { ordered: false }),
    );
    if (matchedCount + insertedCount !== writes.length) {
      throw new StorageError("series: another process writes the same streams: a store has one writer");
    }
    for (const { head } of writes) this.#heads.set(head);
  }

  async #tail(stream: string): Promise<Sample[]> {
    return (await this.#heads.tails([stream])).get(stream) ?? [];
  }

  #doubt(stream: string, samples: readonly Sample[]): void {
    const doubts = this.#doubts.get(stream) ?? new Set<string>();
    for (const sample of samples) doubts.add(nameOf(sample));
    this.#doubts.set(stream, doubts);
  }

  /** What an append that failed has stored is told by the one that succeeds. */
  #told(stream: string, samples: readonly Sample[], fresh: Fresh): Appended {
    const doubts = this.#doubts.get(stream);
    if (doubts === undefined) return { stored: fresh.samples, duplicates: fresh.duplicates };
    const isFresh = new Set(fresh.samples);
    const told = new Set<string>();
    const stored = samples.filter((sample) => {
      const name = nameOf(sample);
      if (isFresh.has(sample)) return true;
      if (!doubts.has(name) || told.has(name)) return false;
      told.add(name);
      return !fresh.samples.some((one) => nameOf(one) === name);
    });
    return { stored, duplicates: samples.length - stored.length };
  }
}

function nameOf({ boot, seq }: Sample): string {
  return `${boot} ${seq}`;
}

/** The head after an append. */
function following(head: StreamHead, fresh: Fresh, changes: Partial<StreamHead>): StreamHead {
  const times = fresh.samples.map(({ at }) => at);
  return {
    ...head,
    version: head.version + 1,
    readings: head.readings + fresh.samples.length,
    from: least(head.from, times),
    to: greatest(head.to, times),
    stored: fresh.stored,
    bare: fresh.bare,
    gone: head.cleared ? [] : head.gone,
    cleared: false,
    ...changes,
  };
}

function sealed(
  head: StreamHead,
  blocks: readonly KeptBlock[],
  rest: readonly Sample[],
): Partial<StreamHead> {
  const times = rest.map(({ at }) => at);
  const bytes = blocks.reduce((sum, block) => sum + block.bytes, 0);
  return {
    next: head.next + blocks.length,
    sealedTo: greatest(
      head.sealedTo,
      blocks.map(({ to }) => to),
    ),
    bytes: head.bytes + bytes + (rest.length - head.tail.count) * TAIL_READING,
    tail: { count: rest.length, from: least(null, times), to: greatest(null, times) },
  };
}

function document(head: StreamHead, tail: readonly Sample[]): KeptStream {
  return { _id: head._id, ...keepHead(head), tail: { ...EMPTY_TAIL, ...head.tail, ...keepReadings(tail) } };
}

function insertion(head: StreamHead, tail: readonly Sample[]): AnyBulkWriteOperation<KeptStream> {
  return { insertOne: { document: document(head, tail) } };
}

export function least(first: number | null, others: readonly number[]): number | null {
  let found = first;
  for (const other of others) if (found === null || other < found) found = other;
  return found;
}

export function greatest(first: number | null, others: readonly number[]): number | null {
  let found = first;
  for (const other of others) if (found === null || other > found) found = other;
  return found;
}
