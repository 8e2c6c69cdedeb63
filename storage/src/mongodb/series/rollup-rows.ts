import { type AnyBulkWriteOperation, BSON } from "mongodb";
import { StorageError } from "../../errors.js";
import { type LevelSize, ROLLUP_MS, type Rollup, type RollupLevel } from "../../series.js";
import { LONG_CALL_MS } from "../mongo-connection.js";
import { giveRow, type KeptRows, keepRow } from "./kept-series.js";
import type { SeriesCollections } from "./series-collections.js";

/** A document has the rows of an hour, or of a day: one that a person reads, and that is rewritten at each row. */
const GROUP_MS: Readonly<Record<RollupLevel, number>> = { minute: 3_600_000, hour: 86_400_000 };
/** Groups that are read, changed and written at once. */
const AT_ONCE = 500;
/** Documents that one piece of pruning removes. */
const PIECE = 500;

/** Rollups of one level. */
export class RollupRows {
  readonly #collections: SeriesCollections;
  readonly #level: RollupLevel;
  /** Counted when first asked, and kept from then on by who writes. */
  #size: LevelSize | undefined;
  #writing = false;

  constructor(collections: SeriesCollections, level: RollupLevel) {
    this.#collections = collections;
    this.#level = level;
  }

  async put(rows: ReadonlyMap<string, readonly Rollup[]>): Promise<void> {
    this.#writing = true;
    const groups = new Map<string, { stream: string; from: number; rows: Rollup[] }>();
    for (const [stream, list] of rows) {
      for (const row of list) {
        const from = this.#groupOf(row.at);
        const id = idOf(stream, from);
        const group = groups.get(id) ?? { stream, from, rows: [] };
        group.rows.push(row);
        groups.set(id, group);
      }
    }
    const all = [...groups];
    const atOnce = Math.min(AT_ONCE, this.#collections.connection.maxUpdates);
    for (let at = 0; at < all.length; at += atOnce) await this.#putGroups(all.slice(at, at + atOnce));
  }

  async #putGroups(groups: [string, { stream: string; from: number; rows: Rollup[] }][]): Promise<void> {
    const documents = this.#collections.rollups[this.#level];
    const ids = groups.map(([id]) => id);
    const found = await this.#collections.read(() => documents.find({ _id: { $in: ids } }).toArray());
    const known = new Map(found.map((kept) => [kept._id, kept]));
    const size = { rows: 0, bytes: 0 };
    const operations = groups.map(([_id, { stream, from, rows }]): AnyBulkWriteOperation<KeptRows> => {
      const before = known.get(_id);
      const byStart = new Map((before?.rows ?? []).map((row) => [row.at, row]));
      for (const row of rows) byStart.set(row.at, keepRow(row));
      const merged = [...byStart.values()].sort((a, b) => a.at - b.at);
      const version = (before?.version ?? 0) + 1;
      const replacement = { version, stream, from, count: merged.length, bytes: 0, rows: merged };
      replacement.bytes = BSON.calculateObjectSize({ _id, ...replacement });
      size.rows += replacement.count - (before?.count ?? 0);
      size.bytes += replacement.bytes - (before?.bytes ?? 0);
      return before === undefined
        ? { insertOne: { document: { _id, ...replacement } } }
        : { replaceOne: { filter: { _id, version: before.version }, replacement } };
    });
    const sizeBefore = this.#size;
    this.#size = undefined; // until it is sure what was written
    const { matchedCount, insertedCount } = await this.#collections.write(() =>
      documents.bulkWrite(operations, { ordered: false }),
    );
    if (matchedCount + insertedCount !== operations.length) {
      throw new StorageError("series: another process writes the same rollups: a store has one writer");
    }
    if (sizeBefore !== undefined) {
      this.#size = { rows: sizeBefore.rows + size.rows, bytes: sizeBefore.bytes + size.bytes };
    }
  }

  async read(stream: string, from: number, to: number): Promise<Rollup[]> {
    const filter = { stream, from: { $gte: this.#groupOf(from), $lt: to } };
    const cursor = this.#collections.rollups[this.#level].find(filter).sort({ from: 1 });
    const rows: Rollup[] = [];
    for (;;) {
      const group = await this.#collections.read(() => cursor.next());
      if (group === null) return rows;
      for (const row of group.rows) if (row.at >= from && row.at < to) rows.push(giveRow(row));
    }
  }

  /** Removes a piece of the groups of which every row is older. */
  async prune(before: number): Promise<LevelSize & { more: boolean }> {
    const documents = this.#collections.rollups[this.#level];
    const length = GROUP_MS[this.#level] - ROLLUP_MS[this.#level]; // from a group's start to its last row's
    const old = await this.#collections.read(() =>
      documents
        .find({ from: { $lt: before - length } }, { projection: { count: 1, bytes: 1 } })
        .limit(PIECE)
        .toArray(),
    );
    const size = { rows: 0, bytes: 0 };
    for (const { count, bytes } of old) {
      size.rows += count;
      size.bytes += bytes;
    }
    if (old.length > 0)
      await this.#delete(() => documents.deleteMany({ _id: { $in: old.map(({ _id }) => _id) } }));
    return { ...size, more: old.length === PIECE };
  }

  async remove(stream: string): Promise<number> {
    const documents = this.#collections.rollups[this.#level];
    return this.#delete(() => documents.deleteMany({ stream }), LONG_CALL_MS);
  }

  async #delete(work: () => Promise<{ deletedCount: number }>, withinMs?: number): Promise<number> {
    this.#size = undefined;
    return (await this.#collections.write(work, withinMs)).deletedCount;
  }

  async size(): Promise<LevelSize> {
    const size = this.#size ?? (await this.#count());
    if (this.#writing) this.#size = size;
    return { ...size };
  }

  async #count(): Promise<LevelSize> {
    const sums = { $group: { _id: null, rows: { $sum: "$count" }, bytes: { $sum: "$bytes" } } };
    const [found] = await this.#collections.read(
      () => this.#collections.rollups[this.#level].aggregate<LevelSize>([sums]).toArray(),
      LONG_CALL_MS,
    );
    return { rows: found?.rows ?? 0, bytes: found?.bytes ?? 0 };
  }

  #groupOf(at: number): number {
    const length = GROUP_MS[this.#level];
    return Math.floor(at / length) * length;
  }
}

/** `env_greenhouse_temperature 2026-11-21T14:00:00.000Z` */
function idOf(stream: string, from: number): string {
  return `${stream} ${new Date(from).toISOString()}`;
}
