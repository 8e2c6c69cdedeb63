import type { RangeSet, SeqRange } from "@fieldmesh/protocol";
import { blockHead } from "../../codec/block.js";
import { MAX_BARE_NUMBER } from "../../samples/check-samples.js";
import { addPrunedSpans } from "../../samples/pruned-spans.js";
import type { Sample } from "../../series.js";
import { PRUNED, type SeriesDatabases } from "./series-databases.js";
import { blockStart, entryKey, streamEnd, streamKey } from "./series-keys.js";
import { type BlockEntry, blockAt, blockBefore, samplesOf } from "./stream-blocks.js";
import { decodePage, encodePage } from "./stream-numbers.js";
import type { StreamRecord } from "./stream-record.js";
import { ignore, readTail } from "./stream-tail.js";

/** Blocks of which the numbers are held at once while an import goes through them. */
const MAX_OPEN = 64;

/**
 * Readings without accounting have the time as their number: which were stored is looked up in the blocks of that
 * time, and, where those are pruned, in the stretches that stand for them.
 */
export class BareNumbers {
  readonly #databases: SeriesDatabases;
  readonly #record: StreamRecord;
  readonly #open = new Map<string, Set<number>>();
  #tail: Set<number> | undefined;
  #pruned: RangeSet | undefined;

  constructor(databases: SeriesDatabases, record: StreamRecord) {
    this.#databases = databases;
    this.#record = record;
  }

  /** Puts those into `fresh` that were not stored yet. Of samples with one number the first counts. */
  takeFresh(samples: readonly Sample[], fresh: Set<Sample>): void {
    const taken = new Set<number>();
    for (const sample of samples) {
      if (taken.has(sample.seq) || this.#has(sample.seq)) continue;
      taken.add(sample.seq);
      fresh.add(sample);
      this.#widen(sample.seq, sample.at - sample.seq);
    }
  }

  #widen(seq: number, shift: number): void {
    const { bare } = this.#record;
    this.#record.bare = {
      newest: Math.max(seq, bare?.newest ?? seq),
      least: Math.min(shift, bare?.least ?? shift),
      most: Math.max(shift, bare?.most ?? shift),
    };
  }

  #has(seq: number): boolean {
    const { bare, id } = this.#record;
    if (bare === null || seq > bare.newest) return false;
    this.#pruned ??= readPruned(this.#databases, id);
    if (this.#pruned.has(seq)) return true;
    this.#tail ??= bareSeqs(readTail(this.#databases, this.#record, ignore));
    if (this.#tail.has(seq)) return true;
    // A number's `at` is at most so much after it: the block that begins last before that, and those before it.
    const last = { at: seq + bare.most, boot: Number.POSITIVE_INFINITY, seq: 0 };
    let block = blockAt(this.#databases, id, last);
    while (block !== undefined && endsFrom(block, seq + bare.least)) {
      if (this.#seqs(block).has(seq)) return true;
      block = blockBefore(this.#databases, id, blockStart(block.key));
    }
    return false;
  }

  #seqs(block: BlockEntry): Set<number> {
    const key = block.key.toString("latin1");
    let seqs = this.#open.get(key);
    if (seqs === undefined) {
      seqs = bareSeqs(samplesOf(block));
      if (this.#open.size >= MAX_OPEN) this.#open.clear();
      this.#open.set(key, seqs);
    }
    return seqs;
  }
}

/** Numbers of readings without accounting that are kept, or stood for. Reads all blocks of the stream. */
export function readBareNumbers(databases: SeriesDatabases, record: StreamRecord): SeqRange[] {
  const seqs = [...bareSeqs(readTail(databases, record, ignore))];
  const range = { start: streamKey(record.id), end: streamEnd(record.id) };
  for (const entry of databases.blocks.getRange(range)) {
    if (hasBare(entry)) seqs.push(...bareSeqs(samplesOf(entry)));
  }
  const numbers = readPruned(databases, record.id);
  for (const seq of seqs.sort((a, b) => a - b)) numbers.add(seq);
  return numbers.ranges();
}

/** Within a transaction: lets these ranges stand for readings that are not kept. */
export function markBare(databases: SeriesDatabases, id: number, ranges: readonly SeqRange[]): void {
  const spans = readPruned(databases, id);
  for (const [from, to] of ranges) spans.add(from, to);
  void databases.heads.put(entryKey(id, PRUNED, 0), encodePage(spans, -MAX_BARE_NUMBER));
}

/** Within a transaction: lets stretches of time stand for what is pruned. */
export function prunedBare(databases: SeriesDatabases, id: number, seqs: readonly number[]): void {
  if (seqs.length === 0) return;
  const spans = readPruned(databases, id);
  addPrunedSpans(spans, seqs);
  void databases.heads.put(entryKey(id, PRUNED, 0), encodePage(spans, -MAX_BARE_NUMBER));
}

export function hasBare({ value }: BlockEntry): boolean {
  try {
    return blockHead(value).hasBare;
  } catch {
    return false;
  }
}

function readPruned({ heads }: SeriesDatabases, id: number): RangeSet {
  return decodePage(heads.get(entryKey(id, PRUNED, 0)), -MAX_BARE_NUMBER);
}

function bareSeqs(samples: readonly Sample[]): Set<number> {
  return new Set(samples.filter(({ boot }) => boot === 0).map(({ seq }) => seq));
}

function endsFrom({ value }: BlockEntry, time: number): boolean {
  try {
    return blockHead(value).end >= time;
  } catch {
    return false;
  }
}
