import type { SeqRange } from "@fieldmesh/protocol";
import type { Engine } from "../../collection.js";
import type { RestorableSeries } from "../../restorable.js";
import { checkRollups } from "../../samples/check-rollups.js";
import { checkBoot, checkSamples, checkStream } from "../../samples/check-samples.js";
import type {
  Appended,
  LevelSize,
  Rollup,
  RollupLevel,
  Sample,
  SampleColumns,
  SeriesInfo,
  TimeRange,
} from "../../series.js";
import { LONG_CALL_MS, MongoConnection, type MongoStorageOptions } from "../mongo-connection.js";
import { SampleAppends } from "./append-samples.js";
import { storedBoots, storedNumbers } from "./fresh-samples.js";
import { pruneReadings } from "./prune-readings.js";
import { readLatest, readRange } from "./read-range.js";
import { RollupRows } from "./rollup-rows.js";
import { SeriesCollections } from "./series-collections.js";
import { infoOf, StreamHeads } from "./stream-heads.js";

/**
 * Opens the series of a service in a MongoDB database: collections `{service}.series` (what is known of a stream),
 * `.tails` (its newest readings), `.blocks`, `.minutes` and `.hours`. The server need not be there.
 * @throws StorageError when the address is none, the server refuses the sign-in, or the store is of a later version.
 */
export async function openMongoSeries(options: MongoStorageOptions): Promise<RestorableSeries> {
  const connection = new MongoConnection(options);
  await connection.open();
  return new MongoSeries(connection);
}

class MongoSeries implements RestorableSeries {
  readonly #connection: MongoConnection;
  readonly #collections: SeriesCollections;
  readonly #heads: StreamHeads;
  readonly #appends: SampleAppends;
  readonly #rollups: Readonly<Record<RollupLevel, RollupRows>>;
  /** Writes follow one another, and what goes by the heads of streams: each knows what the one before has left. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(connection: MongoConnection) {
    this.#connection = connection;
    this.#collections = new SeriesCollections(connection);
    this.#heads = new StreamHeads(this.#collections);
    this.#appends = new SampleAppends(this.#collections, this.#heads);
    this.#rollups = {
      minute: new RollupRows(this.#collections, "minute"),
      hour: new RollupRows(this.#collections, "hour"),
    };
  }

  get engine(): Engine {
    return this.#connection.engine;
  }

  async append(batch: ReadonlyMap<string, readonly Sample[]>): Promise<Map<string, Appended>> {
    for (const [stream, samples] of batch) checkSamples(stream, samples);
    return this.#write(() => this.#appends.append(batch));
  }

  async *range(stream: string, range: TimeRange): AsyncGenerator<SampleColumns> {
    checkStream(stream);
    yield* readRange(this.#collections, stream, range);
  }

  async latest(stream: string): Promise<Sample | undefined> {
    checkStream(stream);
    return readLatest(this.#collections, stream);
  }

  async stored(stream: string, boot: number): Promise<SeqRange[]> {
    checkStream(stream);
    checkBoot(stream, boot);
    return this.#inTurn(async () => {
      await this.#heads.load([stream]);
      const head = this.#heads.get(stream);
      if (head === undefined) return [];
      const tail = async () => (await this.#heads.tails([head])).get(stream) ?? [];
      return storedNumbers(this.#collections, head, boot, tail);
    });
  }

  async markStored(stream: string, boot: number, ranges: readonly SeqRange[]): Promise<void> {
    checkStream(stream);
    checkBoot(stream, boot);
    if (ranges.length > 0) await this.#write(() => this.#appends.mark(stream, boot, ranges));
  }

  async boots(stream: string): Promise<number[]> {
    checkStream(stream);
    return this.#inTurn(async () => {
      await this.#heads.load([stream]);
      const head = this.#heads.get(stream);
      return head === undefined ? [] : storedBoots(this.#collections, head);
    });
  }

  async putRollups(level: RollupLevel, rows: ReadonlyMap<string, readonly Rollup[]>): Promise<void> {
    for (const [stream, list] of rows) checkRollups(stream, level, list);
    await this.#write(() => this.#rollups[level].put(rows));
  }

  async rollups(level: RollupLevel, stream: string, from: number, to: number): Promise<Rollup[]> {
    checkStream(stream);
    return this.#rollups[level].read(stream, from, to);
  }

  async prune(level: "raw" | RollupLevel, before: number): Promise<LevelSize> {
    const removed = { rows: 0, bytes: 0 };
    for (let more = true; more; ) {
      const piece = await this.#write(() =>
        level === "raw"
          ? pruneReadings(this.#collections, this.#heads, before)
          : this.#rollups[level].prune(before),
      );
      removed.rows += piece.rows;
      removed.bytes += piece.bytes;
      more = piece.more;
    }
    return removed;
  }

  async streams(): Promise<SeriesInfo[]> {
    const heads = await this.#inTurn(() => this.#heads.all());
    return heads.map(infoOf).sort((a, b) => (a.stream < b.stream ? -1 : 1));
  }

  async sizes(): Promise<Record<"raw" | RollupLevel, LevelSize>> {
    return this.#inTurn(async () => {
      const raw = { rows: 0, bytes: 0 };
      for (const { readings, bytes } of (await this.#heads.all()).map(infoOf)) {
        raw.rows += readings;
        raw.bytes += bytes;
      }
      return { raw, minute: await this.#rollups.minute.size(), hour: await this.#rollups.hour.size() };
    });
  }

  async remove(stream: string): Promise<boolean> {
    checkStream(stream);
    return this.#write(async () => {
      const { tails, blocks, older, streams } = this.#collections;
      this.#heads.forget(stream);
      const rows = (await this.#rollups.minute.remove(stream)) + (await this.#rollups.hour.remove(stream));
      // Its own document last: what is cut off before that is removed by the next call.
      await this.#collections.write(() => tails.deleteMany({ stream }), LONG_CALL_MS);
      await this.#collections.write(() => blocks.deleteMany({ stream }), LONG_CALL_MS);
      await this.#collections.write(() => older.deleteMany({ stream }), LONG_CALL_MS);
      const { deletedCount } = await this.#collections.write(() => streams.deleteOne({ _id: stream }));
      this.#heads.remove(stream);
      return deletedCount + rows > 0;
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#turn.then(() => this.#connection.close());
    return this.#closed;
  }

  #write<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(() => {
      this.#heads.beginWriting();
      return work();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {}); // whoever asked for it is told
    return turn;
  }
}
