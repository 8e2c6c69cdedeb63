import { blockHead, decodeBlock } from "../../codec/block.js";
import { BlockError } from "../../errors.js";
import { cutStretches, firstAt, sliceColumns, toColumns } from "../../samples/sample-columns.js";
import { comparePositions, type SamplePosition } from "../../samples/sample-order.js";
import type { SampleColumns, TimeRange } from "../../series.js";
import { readRecord, type SeriesDatabases } from "./series-databases.js";
import { blockStart } from "./series-keys.js";
import { type BlockEntry, blockAfter, blockAt, blockBefore } from "./stream-blocks.js";
import { readTail } from "./stream-tail.js";

const FIRST = Number.NEGATIVE_INFINITY;

/**
 * The stretches of a range one after the other. Between two of them the stream may change: the position of the last
 * sample given, not a cursor, says where to go on, so that none is given twice and none is left out that was there.
 */
export class StreamReading {
  readonly #databases: SeriesDatabases;
  readonly #stream: string;
  readonly #range: TimeRange;
  /** Of the last one given (ascending), or the first one (descending). */
  #given: SamplePosition | undefined;
  /** The block that was read last, by its bytes' end, so that it is not decoded again in vain. */
  #last: BlockEntry | undefined;
  #tailGiven = false;

  constructor(databases: SeriesDatabases, stream: string, range: TimeRange) {
    this.#databases = databases;
    this.#stream = stream;
    this.#range = range;
  }

  /** What comes next, in ascending order within; undefined at the end. @throws BlockError. */
  next(): SampleColumns[] | undefined {
    const record = readRecord(this.#databases, this.#stream);
    if (record === undefined || this.#range.from >= this.#range.to) return undefined;
    return this.#range.order === "descending"
      ? this.#nextDescending(record.id)
      : this.#nextAscending(record.id);
  }

  #nextAscending(id: number): SampleColumns[] | undefined {
    const from = this.#given ?? { at: this.#range.from, boot: FIRST, seq: FIRST };
    let block = blockAt(this.#databases, id, from);
    if (block === undefined || this.#isRead(block) || endsBefore(block, from.at)) {
      block = blockAfter(this.#databases, id, block === undefined ? undefined : blockStart(block.key));
    }
    while (block !== undefined && blockStart(block.key).at < this.#range.to) {
      const found = this.#open(block);
      if (found !== undefined) return [found];
      block = blockAfter(this.#databases, id, blockStart(block.key));
    }
    return block === undefined ? this.#tail() : undefined;
  }

  #nextDescending(id: number): SampleColumns[] | undefined {
    const tail = this.#tail();
    if (tail !== undefined) return tail;
    const to = this.#given ?? { at: this.#range.to, boot: FIRST, seq: FIRST };
    let block = blockBefore(this.#databases, id, to);
    while (block !== undefined && !endsBefore(block, this.#range.from)) {
      const found = this.#open(block);
      if (found !== undefined) return [found];
      block = blockBefore(this.#databases, id, blockStart(block.key));
    }
    return undefined;
  }

  #tail(): SampleColumns[] | undefined {
    if (this.#tailGiven) return undefined;
    this.#tailGiven = true;
    const record = readRecord(this.#databases, this.#stream);
    if (record === undefined || (record.sealed !== null && this.#range.to <= record.sealed.at))
      return undefined;
    const tail = readTail(this.#databases, record, (error) => this.#tell(error));
    const stretches = cutStretches(tail).map(toColumns);
    const found = stretches.map((columns) => this.#clip(columns)).filter(({ length }) => length > 0);
    if (found.length === 0) return undefined;
    this.#move(found);
    return this.#range.order === "descending" ? found.reverse() : found;
  }

  /** @throws the error, where nobody is to be told. */
  #tell(error: BlockError): void {
    if (this.#range.onBroken === undefined) throw error;
    this.#range.onBroken(error);
  }

  /** What is to be given of a block, if anything. */
  #open(entry: BlockEntry): SampleColumns | undefined {
    this.#last = entry;
    let columns: SampleColumns;
    try {
      columns = decodeBlock(entry.value);
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      this.#tell(new BlockError(this.#stream, "block", blockStart(entry.key).at, cause));
      return undefined;
    }
    const found = this.#clip(columns);
    if (found.length === 0) return undefined;
    this.#move([found]);
    return found;
  }

  /** What of the columns is in the range and was not given yet. */
  #clip(columns: SampleColumns): SampleColumns {
    let start = firstAt(columns, this.#range.from);
    let end = firstAt(columns, this.#range.to);
    const given = this.#given;
    if (given !== undefined && this.#range.order === "descending") {
      while (end > start && comparePositions(positionAt(columns, end - 1), given) >= 0) end -= 1;
    } else if (given !== undefined) {
      if (given.at >= this.#range.from) start = Math.max(start, firstAt(columns, given.at));
      while (start < end && comparePositions(positionAt(columns, start), given) <= 0) start += 1;
    }
    return sliceColumns(columns, start, Math.max(start, end));
  }

  #move(found: readonly SampleColumns[]): void {
    const descending = this.#range.order === "descending";
    const columns = descending ? found[0] : found.at(-1);
    if (columns !== undefined) this.#given = positionAt(columns, descending ? 0 : columns.length - 1);
  }

  #isRead({ key, value }: BlockEntry): boolean {
    return this.#last?.key.equals(key) === true && this.#last.value.equals(value);
  }
}

function positionAt({ at, boot, seq }: SampleColumns, index: number): SamplePosition {
  return { at: at[index] ?? 0, boot: boot[index] ?? 0, seq: seq[index] ?? 0 };
}

/** One that cannot be read may hold anything. */
function endsBefore({ key, value }: BlockEntry, time: number): boolean {
  try {
    return blockStart(key).at < time && blockHead(value).end < time;
  } catch {
    return false;
  }
}
