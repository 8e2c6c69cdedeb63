import { join } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import { StorageError } from "../../errors.js";
import type { RollupLevel } from "../../series.js";
import { DURABLE } from "../durable.js";
import { entryKey, type SeriesKey } from "./series-keys.js";
import { decodeRecord, encodeRecord, newRecord, type StreamRecord } from "./stream-record.js";

const FORMAT = "1";
/** Parts of a stream in `heads`. */
export const RECORD = 0;
export const TAIL = 1;
export const PRUNED = 2;

type Bytes = Database<Buffer, SeriesKey>;

/** The LMDB environment of a service's series, by what its databases hold. */
export interface SeriesDatabases {
  readonly root: RootDatabase;
  /** `format`, `next` (the next stream's id), `rows` (totals as JSON), `removed <id>`. */
  readonly meta: Database<string, string>;
  /** Stream name to id. */
  readonly names: Database<string, string>;
  /** Of each stream its record (JSON), its tail, and what stands for pruned readings without accounting. */
  readonly heads: Bytes;
  readonly numbers: Bytes;
  readonly blocks: Bytes;
  readonly rollups: Readonly<Record<RollupLevel, Bytes>>;
}

/** @throws StorageError when the store is of a later version. */
export async function openDatabases(folder: string, readOnly: boolean): Promise<SeriesDatabases> {
  const root = open({ path: join(folder, "series.mdb"), maxDbs: 16, readOnly, ...DURABLE });
  try {
    const text = { encoding: "string" } as const;
    const bytes = { encoding: "binary", keyEncoding: "binary" } as const;
    const meta: Database<string, string> = root.openDB("meta", text);
    const found = meta.get("format");
    if (found === undefined && !readOnly) await meta.put("format", FORMAT);
    else if (found !== FORMAT) {
      throw new StorageError(
        `${folder} has format ${found}, from a later version of Fieldmesh; this one knows up to ${FORMAT}: use the later version`,
      );
    }
    return {
      root,
      meta,
      names: root.openDB("names", text),
      heads: root.openDB("heads", bytes),
      numbers: root.openDB("numbers", bytes),
      blocks: root.openDB("blocks", bytes),
      rollups: { minute: root.openDB("minutes", bytes), hour: root.openDB("hours", bytes) },
    };
  } catch (error) {
    await root.close();
    throw error;
  }
}

export function readRecord(databases: SeriesDatabases, stream: string): StreamRecord | undefined {
  const id = databases.names.get(stream);
  if (id === undefined) return undefined;
  const text = databases.heads.get(entryKey(Number(id), RECORD, 0));
  return text === undefined ? undefined : decodeRecord(text.toString());
}

export function writeRecord({ heads }: SeriesDatabases, record: StreamRecord): void {
  void heads.put(entryKey(record.id, RECORD, 0), Buffer.from(encodeRecord(record)));
}

/** Within a transaction: makes the stream known. */
export function makeRecord({ meta, names }: SeriesDatabases, stream: string): StreamRecord {
  const id = Number(meta.get("next") ?? 1);
  void meta.put("next", String(id + 1));
  void names.put(stream, String(id));
  return newRecord(stream, id);
}

type Rows = Record<"raw" | RollupLevel, number>;

export function readRows({ meta }: SeriesDatabases): Rows {
  return JSON.parse(meta.get("rows") ?? '{"raw":0,"minute":0,"hour":0}') as Rows;
}

/** Within a transaction: counts what came and went. */
export function addRows(databases: SeriesDatabases, level: keyof Rows, rows: number): void {
  if (rows === 0) return;
  const totals = readRows(databases);
  totals[level] += rows;
  void databases.meta.put("rows", JSON.stringify(totals));
}

/** Bytes of the file that a database takes: all of its pages. */
export function pageBytes(database: { getStats(): unknown }): number {
  const stats = database.getStats() as Record<string, unknown>;
  const pages = ["treeBranchPageCount", "treeLeafPageCount", "overflowPages"];
  return Number(stats["pageSize"]) * pages.reduce((sum, name) => sum + Number(stats[name]), 0);
}
