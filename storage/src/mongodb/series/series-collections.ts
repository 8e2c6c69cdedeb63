import type { Collection } from "mongodb";
import type { RollupLevel } from "../../series.js";
import { makeIndexes } from "../make-indexes.js";
import type { MongoConnection } from "../mongo-connection.js";
import type { KeptBlock, KeptOlder, KeptRows, KeptStream, KeptTail } from "./kept-series.js";

/** Names that a collection of documents cannot have, beside those of the series of its service. */
export const SERIES_COLLECTIONS: ReadonlySet<string> = new Set([
  "series",
  "tails",
  "blocks",
  "older",
  "minutes",
  "hours",
]);

/** The collections of a service's series. */
export class SeriesCollections {
  readonly connection: MongoConnection;
  readonly streams: Collection<KeptStream>;
  readonly tails: Collection<KeptTail>;
  readonly blocks: Collection<KeptBlock>;
  readonly older: Collection<KeptOlder>;
  readonly rollups: Readonly<Record<RollupLevel, Collection<KeptRows>>>;
  #indexed: Promise<void> | undefined;

  constructor(connection: MongoConnection) {
    this.connection = connection;
    this.streams = connection.collection("series"); // a service may have documents named "streams"
    this.tails = connection.collection("tails");
    this.blocks = connection.collection("blocks");
    this.older = connection.collection("older");
    this.rollups = { minute: connection.collection("minutes"), hour: connection.collection("hours") };
  }

  /** Makes the indexes when the server is first reached. */
  ready(): Promise<void> {
    this.#indexed ??= this.#makeIndexes().catch((error: unknown) => {
      this.#indexed = undefined;
      throw error;
    });
    return this.#indexed;
  }

  async read<T>(work: () => Promise<T>, withinMs?: number): Promise<T> {
    await this.ready();
    return this.connection.read(work, withinMs);
  }

  async write<T>(work: () => Promise<T>, withinMs?: number): Promise<T> {
    await this.ready();
    return this.connection.write("series", work, withinMs);
  }

  async #makeIndexes(): Promise<void> {
    await makeIndexes(this.connection, this.tails, [{ name: "stream", key: { stream: 1, k: 1 } }]);
    const byTime = { name: "time", key: { stream: 1, from: 1, to: 1 } } as const;
    const back = { name: "back", key: { stream: 1, to: -1, from: -1 } } as const;
    await makeIndexes(this.connection, this.blocks, [byTime, back, { name: "age", key: { to: 1 } }]);
    await makeIndexes(this.connection, this.older, [
      { name: "boots", key: { stream: 1, firstBoot: 1, lastBoot: 1 } },
    ]);
    for (const rollups of [this.rollups.minute, this.rollups.hour]) {
      await makeIndexes(this.connection, rollups, [
        { name: "time", key: { stream: 1, from: 1 } },
        { name: "age", key: { from: 1 } },
      ]);
    }
  }
}
