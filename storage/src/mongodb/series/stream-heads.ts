import { RangeSet } from "@fieldmesh/protocol";
import type { Sample, SeriesInfo } from "../../series.js";
import { giveReadings, type KeptReadings, type KeptStream, type KeptTail } from "./kept-series.js";
import type { SeriesCollections } from "./series-collections.js";

/** What is known of a stream without its newest readings: what an append has to know. */
export interface StreamHead extends Omit<KeptStream, "stored" | "bare" | "tail"> {
  stored: ReadonlyMap<number, RangeSet>;
  bare: { newest: number; spans: RangeSet } | null;
  tail: Pick<KeptTail, "count" | "from" | "to">;
  /** Blocks named in `gone` are deleted: the next write need not name them. */
  cleared: boolean;
}

const WITHOUT_TAIL = {
  "tail.at": 0,
  "tail.timestamp": 0,
  "tail.value": 0,
  "tail.unit": 0,
  "tail.boot": 0,
  "tail.seq": 0,
  "tail.marks": 0,
} as const;
/** Streams asked for in one command. */
const MAX_ASKED = 1_000;

/**
 * What is known of the streams, kept here as the store has one writer: an append asks the server for nothing. Some
 * hundred bytes a stream.
 */
export class StreamHeads {
  readonly #collections: SeriesCollections;
  readonly #heads = new Map<string, StreamHead>();
  /** Streams whose document may be another than here: a write failed. */
  readonly #forgotten = new Set<string>();
  #complete = false;

  constructor(collections: SeriesCollections) {
    this.#collections = collections;
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
    const asked: string[] = [];
    for (const stream of streams) {
      if (this.#heads.has(stream)) continue;
      if (!this.#complete || this.#forgotten.has(stream)) asked.push(stream);
    }
    const { streams: documents } = this.#collections;
    for (let at = 0; at < asked.length; at += MAX_ASKED) {
      const ids = asked.slice(at, at + MAX_ASKED);
      const found = await this.#collections.read(() =>
        documents.find({ _id: { $in: ids } }, { projection: WITHOUT_TAIL }).toArray(),
      );
      for (const kept of found) this.set(headOf(kept));
      for (const id of ids) this.#forgotten.delete(id);
    }
  }

  /** All of them; the first time they are read from the server. */
  async all(): Promise<StreamHead[]> {
    if (!this.#complete) {
      const cursor = this.#collections.streams.find({}, { projection: WITHOUT_TAIL });
      for (;;) {
        const kept = await this.#collections.read(() => cursor.next());
        if (kept === null) break;
        if (!this.#heads.has(kept._id)) this.set(headOf(kept));
      }
      this.#complete = true;
    }
    await this.load([...this.#forgotten]);
    return [...this.#heads.values()];
  }

  /** The newest readings, by stream. */
  async tails(streams: readonly string[]): Promise<Map<string, Sample[]>> {
    const { streams: documents } = this.#collections;
    const found = await this.#collections.read(() =>
      documents.find({ _id: { $in: [...streams] } }, { projection: { tail: 1 } }).toArray(),
    );
    return new Map(found.map(({ _id, tail }) => [_id, giveReadings(tail as KeptReadings)]));
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
    sealedTo: null,
    gone: [],
    stored: new Map(),
    older: null,
    bare: null,
    tail: { count: 0, from: null, to: null },
    cleared: false,
  };
}

export function headOf({ stored, bare, tail, ...kept }: KeptStream): StreamHead {
  const sets = new Map<number, RangeSet>();
  for (const { boot, from, to } of stored) {
    const set = sets.get(boot) ?? new RangeSet();
    set.add(from, to);
    sets.set(boot, set);
  }
  const spans = RangeSet.of((bare?.spans ?? []).map(({ from, to }): [number, number] => [from, to]));
  return {
    ...kept,
    stored: sets,
    bare: bare === null ? null : { newest: bare.newest, spans },
    tail: { count: tail.count, from: tail.from, to: tail.to },
    cleared: false,
  };
}

/** The fields of a stream's document but for its tail. */
export function keepHead(head: StreamHead): Omit<KeptStream, "_id" | "tail"> {
  const { version, readings, bytes, from, to, next, sealedTo, gone, stored, older, bare } = head;
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
    sealedTo,
    gone: [...gone],
    stored: ranges,
    older,
    bare: bare === null ? null : { newest: bare.newest, spans: keepSpans(bare.spans) },
  };
}

function keepSpans(spans: RangeSet): { from: number; to: number }[] {
  return spans.ranges().map(([from, to]) => ({ from, to }));
}

export function infoOf({ _id, readings, from, to, bytes }: StreamHead): SeriesInfo {
  return { stream: _id, readings, from, to, bytes };
}
