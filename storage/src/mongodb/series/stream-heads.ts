import { RangeSet } from "@fieldmesh/protocol";
import type { Sample, SeriesInfo } from "../../series.js";
import { LONG_CALL_MS } from "../mongo-connection.js";
import { type KeptStream, type KeptTail, liveTails, tailReadings } from "./kept-series.js";
import type { SeriesCollections } from "./series-collections.js";

/** What is known of a stream, with what its tails come to: what an append has to know. */
export interface StreamHead extends Omit<KeptStream, "stored" | "bare"> {
  /** Those in tails included. */
  stored: ReadonlyMap<number, RangeSet>;
  bare: { newest: number; spans: RangeSet } | null;
  tail: TailInfo;
  /** Blocks named in `gone` are deleted: the next write need not name them. */
  cleared: boolean;
}

/** The tails of a stream that count. */
export interface TailInfo {
  readings: number;
  /** Least and greatest `at`. */
  from: number | null;
  to: number | null;
  documents: number;
  /** Number of the first that may be there still, also of those that do not count; and of the next. */
  first: number;
  next: number;
}

/** Streams asked for in one command. */
const MAX_ASKED = 500;
/** What a reading in a tail takes, about: seven lists, and the names of its places in them. */
const TAIL_READING = 100; // bytes

/**
 * What is known of the streams. The one writer keeps it, some hundred bytes a stream, so that an append asks the
 * server for nothing; who only reads, as another may write meanwhile, asks each time.
 */
export class StreamHeads {
  readonly #collections: SeriesCollections;
  readonly #heads = new Map<string, StreamHead>();
  /** Streams whose document may be another than here: a write failed. */
  readonly #forgotten = new Set<string>();
  #complete = false;
  #writing = false;

  constructor(collections: SeriesCollections) {
    this.#collections = collections;
  }

  /** From now on this process writes. */
  beginWriting(): void {
    if (!this.#writing) this.#clear();
    this.#writing = true;
  }

  #clear(): void {
    this.#heads.clear();
    this.#forgotten.clear();
    this.#complete = false;
  }

  get(stream: string): StreamHead | undefined {
    return this.#heads.get(stream);
  }

  set(head: StreamHead): void {
    this.#heads.set(head._id, head);
    this.#forgotten.delete(head._id);
  }

  /** What is known of it is not sure any more: it is read again. */
  forget(stream: string): void {
    this.#heads.delete(stream);
    this.#forgotten.add(stream);
  }

  /** The stream is no more. */
  remove(stream: string): void {
    this.#heads.delete(stream);
    this.#forgotten.delete(stream);
  }

  /** Reads those that are not known. */
  async load(streams: Iterable<string>): Promise<void> {
    if (!this.#writing) this.#clear();
    const asked: string[] = [];
    for (const stream of streams) {
      if (this.#heads.has(stream)) continue;
      if (!this.#complete || this.#forgotten.has(stream)) asked.push(stream);
    }
    await this.#read(asked);
  }

  async #read(asked: readonly string[]): Promise<void> {
    const { streams: documents } = this.#collections;
    for (let at = 0; at < asked.length; at += MAX_ASKED) {
      const ids = asked.slice(at, at + MAX_ASKED);
      // Tails first: what is then moved on and deleted is in what is read after.
      const tails = await this.#tailsOf(ids);
      const found = await this.#collections.read(() => documents.find({ _id: { $in: ids } }).toArray());
      for (const kept of found) this.set(headOf(kept, tails.get(kept._id) ?? []));
      for (const id of ids) this.#forgotten.delete(id);
    }
  }

  async #tailsOf(streams: string[]): Promise<Map<string, KeptTail[]>> {
    const found = await this.#collections.read(() =>
      this.#collections.tails.find({ stream: { $in: streams } }).toArray(),
    );
    const tails = new Map<string, KeptTail[]>();
    for (const tail of found) {
      const list = tails.get(tail.stream);
      if (list === undefined) tails.set(tail.stream, [tail]);
      else list.push(tail);
    }
    return tails;
  }

  /** All of them; the first time they are read from the server. */
  async all(): Promise<StreamHead[]> {
    if (!this.#writing) this.#clear();
    if (!this.#complete) {
      const ids = await this.#collections.read(
        () => this.#collections.streams.find({}, { projection: { _id: 1 } }).toArray(),
        LONG_CALL_MS,
      );
      await this.#read(ids.map(({ _id }) => _id).filter((id) => !this.#heads.has(id)));
      this.#complete = true;
    }
    if (this.#forgotten.size > 0) await this.load([...this.#forgotten]);
    return [...this.#heads.values()];
  }

  /** Readings that are not in blocks, by stream. */
  async tails(heads: readonly StreamHead[]): Promise<Map<string, Sample[]>> {
    const tails = await this.#tailsOf(heads.map(({ _id }) => _id));
    return new Map(heads.map(({ _id, firstTail }) => [_id, tailReadings(tails.get(_id) ?? [], firstTail)]));
  }
}

export function newHead(stream: string): StreamHead {
  return {
    _id: stream,
    version: 0,
    readings: 0,
    bytes: 0,
    from: null,
    to: null,
    next: 0,
    gone: [],
    firstTail: 0,
    stored: new Map(),
    older: null,
    bare: null,
    tail: { readings: 0, from: null, to: null, documents: 0, first: 0, next: 0 },
    cleared: false,
  };
}

function headOf({ stored, bare, ...kept }: KeptStream, tails: readonly KeptTail[]): StreamHead {
  const sets = new Map<number, RangeSet>();
  for (const { boot, from, to } of stored) {
    const set = sets.get(boot) ?? new RangeSet();
    set.add(from, to);
    sets.set(boot, set);
  }
  const live = liveTails(tails, kept.firstTail);
  const readings = tailReadings(live, kept.firstTail);
  let newest = bare?.newest;
  for (const { boot, seq } of readings) {
    if (boot === 0) newest = Math.max(seq, newest ?? seq);
    else {
      const set = sets.get(boot) ?? new RangeSet();
      set.add(seq);
      sets.set(boot, set);
    }
  }
  const numbers = tails.map(({ k }) => k);
  const spans = RangeSet.of((bare?.spans ?? []).map(({ from, to }): [number, number] => [from, to]));
  return {
    ...kept,
    stored: sets,
    bare: newest === undefined ? null : { newest, spans },
    tail: {
      readings: readings.length,
      from: readings[0]?.at ?? null,
      to: readings.at(-1)?.at ?? null,
      documents: live.length,
      first: Math.min(kept.firstTail, ...numbers),
      next: Math.max(kept.firstTail, ...numbers.map((k) => k + 1)),
    },
    cleared: false,
  };
}

/** The fields of a stream's document. */
export function keepHead(head: StreamHead): Omit<KeptStream, "_id"> {
  const { version, readings, bytes, from, to, next, gone, firstTail, stored, older, bare } = head;
  const ranges = [...stored]
    .sort(([a], [b]) => a - b)
    .flatMap(([boot, set]) => set.ranges().map(([first, last]) => ({ boot, from: first, to: last })));
  return {
    version,
    readings,
    bytes,
    from,
    to,
    next,
    gone: [...gone],
    firstTail,
    stored: ranges,
    older,
    bare: bare === null ? null : { newest: bare.newest, spans: keepSpans(bare.spans) },
  };
}

function keepSpans(spans: RangeSet): { from: number; to: number }[] {
  return spans.ranges().map(([from, to]) => ({ from, to }));
}

export function infoOf({ _id, readings, from, to, bytes, tail }: StreamHead): SeriesInfo {
  return {
    stream: _id,
    readings: readings + tail.readings,
    from: least(from, tail.from === null ? [] : [tail.from]),
    to: greatest(to, tail.to === null ? [] : [tail.to]),
    bytes: bytes + tail.readings * TAIL_READING,
  };
}

export function tailBytes({ tail }: StreamHead): number {
  return tail.readings * TAIL_READING;
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
