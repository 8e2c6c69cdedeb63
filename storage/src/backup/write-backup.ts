import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { RangeSet, type SeqRange } from "@fieldmesh/protocol";
import { encodeBlock } from "../codec/block.js";
import { encodeRollups } from "../codec/rollup-group.js";
import { BlockError } from "../errors.js";
import { MAX_BLOCK } from "../samples/merge-block.js";
import { sliceColumns } from "../samples/sample-columns.js";
import type { Rollup, RollupLevel, Series } from "../series.js";
import { BACKUP_FORMAT, type BackupCounts, type BackupLine, noCounts } from "./backup-lines.js";
import type { ServicePart, StorePlace } from "./store-place.js";

const DOCUMENTS_PER_PAGE = 500;
const ROWS_PER_LINE = 1_000;
const RANGES_PER_LINE = 1_000;
const LEVELS: readonly RollupLevel[] = ["minute", "hour"];

export type Progress = (text: string) => void;

/**
 * Writes all of a store into one file, while its services may be running. The file has its name when it is whole
 * and on the medium.
 */
export async function writeBackup(
  place: StorePlace,
  file: string,
  progress: Progress,
): Promise<BackupCounts> {
  const part = `${file}.part`;
  const counts = noCounts();
  try {
    const lines = Readable.from(checked(place, counts, progress), { objectMode: false });
    await pipeline(lines, createGzip({ level: 6 }), createWriteStream(part, { mode: 0o600 }));
    await toMedium(part);
    await rename(part, file);
    return counts;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function toMedium(file: string): Promise<void> {
  const handle = await open(file, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The lines as text, and at the end what they are to add up to. */
async function* checked(place: StorePlace, counts: BackupCounts, progress: Progress): AsyncGenerator<string> {
  const hash = createHash("sha256");
  for await (const line of linesOf(place, counts, progress)) {
    const text = `${JSON.stringify(line)}\n`;
    hash.update(text);
    yield text;
  }
  const end: BackupLine = { kind: "end", sha256: hash.digest("hex"), ...counts };
  yield `${JSON.stringify(end)}\n`;
}

async function* linesOf(
  place: StorePlace,
  counts: BackupCounts,
  progress: Progress,
): AsyncGenerator<BackupLine> {
  const at = new Date().toISOString();
  yield { kind: "fieldmesh-backup", format: BACKUP_FORMAT, at, engine: place.engine };
  for (const service of await place.services()) {
    progress(`${service}: opening`);
    const part = await place.read(service);
    try {
      counts.services += 1;
      yield { kind: "service", service };
      yield* documentsOf(part, counts, (text) => progress(`${service}: ${text}`));
      yield* streamsOf(part.series, counts, (text) => progress(`${service}: ${text}`));
    } finally {
      await part.close();
    }
  }
}

async function* documentsOf(
  { storage }: ServicePart,
  counts: BackupCounts,
  progress: Progress,
): AsyncGenerator<BackupLine> {
  for (const [name, indexes] of await storage.collections()) {
    counts.collections += 1;
    yield { kind: "collection", collection: name, indexes };
    const collection = await storage.collection(name, indexes);
    let found = 0;
    for (let after: string | undefined; ; ) {
      const page = await collection.find({ index: "id", limit: DOCUMENTS_PER_PAGE, after });
      for (const { id, version, document } of page.items) yield { kind: "document", id, version, document };
      found += page.items.length;
      if (page.next === undefined) break;
      after = page.next;
    }
    counts.documents += found;
    progress(`${name}, ${found} documents`);
  }
}

async function* streamsOf(
  series: Series,
  counts: BackupCounts,
  progress: Progress,
): AsyncGenerator<BackupLine> {
  const streams = await series.streams();
  for (const [n, { stream }] of streams.entries()) {
    counts.streams += 1;
    yield { kind: "stream", stream };
    // Numbers first: one that is stored meanwhile is then not counted as stored without its reading.
    const numbers = new Map<number, SeqRange[]>();
    for (const boot of await series.boots(stream)) numbers.set(boot, await series.stored(stream, boot));
    const bare = new RangeSet();
    // What is broken in the store must not stand in the way of saving the rest.
    const onBroken = ({ message }: BlockError) => progress(`left out: ${message}`);
    for await (const columns of series.range(stream, { from: -8.64e15, to: 8.65e15, onBroken })) {
      for (let from = 0; from < columns.length; from += MAX_BLOCK) {
        const piece = sliceColumns(columns, from, Math.min(columns.length, from + MAX_BLOCK));
        counts.readings += piece.length;
        yield { kind: "readings", block: encodeBlock(piece, true).toString("base64") };
      }
      for (const [index, boot] of columns.boot.entries()) if (boot === 0) bare.add(columns.seq[index] ?? 0);
    }
    yield* rollupsOf(series, stream, counts, onBroken);
    for (const [boot, ranges] of numbers) {
      // Without accounting a number is a reading's time: those of the readings above are known by them.
      const left = boot === 0 ? RangeSet.of(ranges).subtract(bare).ranges() : ranges;
      for (let from = 0; from < left.length; from += RANGES_PER_LINE) {
        yield { kind: "numbers", boot, ranges: left.slice(from, from + RANGES_PER_LINE) };
      }
    }
    if ((n + 1) % 100 === 0 || n + 1 === streams.length) {
      progress(`${n + 1} of ${streams.length} streams, ${counts.readings} readings`);
    }
  }
}

async function* rollupsOf(
  series: Series,
  stream: string,
  counts: BackupCounts,
  onBroken: (error: BlockError) => void,
): AsyncGenerator<BackupLine> {
  for (const level of LEVELS) {
    let rows: Rollup[] = [];
    try {
      rows = await series.rollups(level, stream, -8.64e15, 8.65e15);
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      onBroken(error);
    }
    counts.rollups += rows.length;
    for (let from = 0; from < rows.length; from += ROWS_PER_LINE) {
      const some = encodeRollups(level, rows.slice(from, from + ROWS_PER_LINE), true);
      yield { kind: "rollups", level, rows: some.toString("base64") };
    }
  }
}
