import { addRows, readRecord, type SeriesDatabases } from "./series-databases.js";
import { streamEnd, streamKey } from "./series-keys.js";

/** Entries that one transaction removes: some milliseconds. */
const ENTRIES_PER_PIECE = 1_000;
const MARK = "removed ";

/**
 * Within a transaction: forgets a stream. What it had is not found any more, and is removed piece by piece
 * afterwards; a stream of the same name begins anew.
 */
export function forgetStream(databases: SeriesDatabases, stream: string): boolean {
  const record = readRecord(databases, stream);
  if (record === undefined) return false;
  void databases.names.remove(stream);
  void databases.meta.put(`${MARK}${record.id}`, "");
  addRows(databases, "raw", -record.readings);
  addRows(databases, "minute", -record.rows.minute);
  addRows(databases, "hour", -record.rows.hour);
  return true;
}

/** Removes what forgotten streams had, also those of which the process ended in between. */
export async function finishRemovals(databases: SeriesDatabases): Promise<void> {
  const { root, meta, heads, numbers, blocks, rollups } = databases;
  const marks = Array.from(meta.getKeys({ start: MARK, end: `${MARK}:` })); // ":" is what follows "9"
  for (const mark of marks) {
    const id = Number(mark.slice(MARK.length));
    for (const database of [blocks, heads, numbers, rollups.minute, rollups.hour]) {
      const range = { start: streamKey(id), end: streamEnd(id), limit: ENTRIES_PER_PIECE };
      for (let left = true; left; ) {
        left = await root.transaction(() => {
          const keys = Array.from(database.getKeys(range));
          for (const key of keys) void database.remove(key);
          return keys.length === ENTRIES_PER_PIECE;
        });
      }
    }
    await meta.remove(mark);
  }
}
