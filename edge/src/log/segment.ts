import { type FileHandle, open } from "node:fs/promises";
import {
  decodeEntry,
  type Entry,
  EVENT,
  INDEX,
  type ItemKind,
  type ItemName,
  READING,
  readingName,
  TRAILER,
} from "./entry.js";
import {
  decodeHeader,
  decodeRecord,
  encodeRecord,
  HEADER_BYTES,
  MAX_BODY_BYTES,
  type RawRecord,
  RECORD_HEAD_BYTES,
} from "./record.js";

/** Where the items of one stream and boot lie in one segment. */
export interface StreamSpan {
  kind: ItemKind;
  key: string;
  boot: number;
  from: number;
  to: number;
  firstOffset: number;
  /** Behind the last of them. */
  endOffset: number;
}

/** One file of the log, and its index in memory: one span for each stream and boot, not one entry per item. */
export class Segment {
  readonly number: number;
  path: string;
  /** Log time at which it was begun and at which the last record was put in, ms. */
  readonly startedAt: number;
  endedAt: number;
  /** Good bytes: what is behind them was torn off, or is being written. */
  bytes: number;
  /** Changes when the file is rewritten: offsets that were read before are void. */
  generation = 0;
  readonly spans = new Map<string, StreamSpan>();

  constructor(number: number, path: string, startedAt: number, bytes: number) {
    this.number = number;
    this.path = path;
    this.startedAt = startedAt;
    this.endedAt = startedAt;
    this.bytes = bytes;
  }

  /** Notes that an item lies at `offset`. Items of a stream come in order of `seq`. */
  note(name: ItemName, offset: number, bytes: number): void {
    const id = `${name.kind === "event" ? "e" : "r"}${name.boot}/${name.key}`;
    const span = this.spans.get(id);
    if (span === undefined) {
      this.spans.set(id, {
        kind: name.kind,
        key: name.key,
        boot: name.boot,
        from: name.seq,
        to: name.seq,
        firstOffset: offset,
        endOffset: offset + bytes,
      });
    } else {
      span.from = Math.min(span.from, name.seq);
      span.to = Math.max(span.to, name.seq);
      span.endOffset = offset + bytes;
    }
  }

  /** Takes over an index that was read. */
  restore(spans: readonly StreamSpan[], endedAt: number, bytes: number): void {
    for (const span of spans) {
      this.spans.set(`${span.kind === "event" ? "e" : "r"}${span.boot}/${span.key}`, span);
    }
    this.endedAt = endedAt;
    this.bytes = bytes;
  }

  span(kind: ItemKind, key: string, boot: number): StreamSpan | undefined {
    return this.spans.get(`${kind === "event" ? "e" : "r"}${boot}/${key}`);
  }
}

const CHUNK_BYTES = 64 * 1024;

export interface ScannedRecord extends RawRecord {
  offset: number;
}

/**
 * Reads the records of a segment file from `start` to `end`, a chunk at a time; ends before the first that is not
 * whole. Returns where it ended.
 */
export async function* scanRecords(
  file: FileHandle,
  start: number,
  end: number,
): AsyncGenerator<ScannedRecord[], number> {
  let buffer: Buffer = Buffer.alloc(0);
  let offset = start; // of buffer[0] in the file
  let want = CHUNK_BYTES;
  while (offset < end) {
    const chunk = Buffer.allocUnsafe(Math.min(want, end - offset - buffer.length));
    const { bytesRead } =
      chunk.length === 0 ? { bytesRead: 0 } : await file.read(chunk, 0, chunk.length, offset + buffer.length);
    const read = chunk.subarray(0, bytesRead);
    buffer = buffer.length === 0 ? read : Buffer.concat([buffer, read]);
    const records: ScannedRecord[] = [];
    let at = 0;
    let record = decodeRecord(buffer, at);
    while (typeof record === "object") {
      records.push({ ...record, offset: offset + at });
      at += record.bytes;
      record = decodeRecord(buffer, at);
    }
    if (records.length > 0) yield records;
    if (record === "damaged" || bytesRead === 0) return offset + at;
    // A record longer than a chunk: read as much again as there is already.
    want = at === 0 ? Math.max(CHUNK_BYTES, buffer.length) : CHUNK_BYTES;
    buffer = buffer.subarray(at);
    offset += at;
  }
  return offset;
}

/** The name of the item that a record holds, or `null` where it holds none. */
export function itemName(record: RawRecord): ItemName | null {
  if (record.kind === READING) return readingName(record.body);
  if (record.kind === EVENT) {
    const entry = decodeEntry(record.kind, record.body);
    return entry.kind === "event" ? entry : null;
  }
  return null;
}

export interface LoadedSegment {
  segment: Segment;
  /** Bytes behind the last whole record. */
  tornBytes: number;
}

/** Reads a segment file through, builds its index and hands each entry on, in order. */
export async function loadSegment(
  path: string,
  number: number,
  onEntry: (entry: Entry) => void,
): Promise<LoadedSegment | null> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const segment = await readHeader(file, path, number);
    if (segment === null) return null;
    for await (const records of scanRecords(file, HEADER_BYTES, size)) {
      for (const record of records) {
        segment.bytes = record.offset + record.bytes;
        const entry = decodeEntry(record.kind, record.body);
        if (entry.kind === "reading" || entry.kind === "event") {
          segment.note(entry, record.offset, record.bytes);
        }
        if (entry.kind === "commit") segment.endedAt = Math.max(segment.endedAt, entry.commit.clock[0]);
        onEntry(entry);
      }
    }
    return { segment, tornBytes: size - segment.bytes };
  } finally {
    await file.close();
  }
}

async function readHeader(file: FileHandle, path: string, number: number): Promise<Segment | null> {
  const head = Buffer.alloc(HEADER_BYTES);
  const { bytesRead } = await file.read(head, 0, HEADER_BYTES, 0);
  const header = decodeHeader(head.subarray(0, bytesRead), path);
  return header === null ? null : new Segment(number, path, header.startedAt, HEADER_BYTES);
}

interface SealedIndex {
  endedAt: number;
  spans: StreamSpan[];
}

/** What a full segment ends with: its index, and a record of fixed size that says where the index lies. */
export function encodeSeal(segment: Segment): Buffer {
  const index: SealedIndex = { endedAt: segment.endedAt, spans: [...segment.spans.values()] };
  const trailer = Buffer.alloc(8);
  trailer.writeDoubleLE(segment.bytes);
  return Buffer.concat([
    encodeRecord(INDEX, Buffer.from(JSON.stringify(index))),
    encodeRecord(TRAILER, trailer),
  ]);
}

const TRAILER_BYTES = RECORD_HEAD_BYTES + 8;

/** Reads only the index of a sealed segment; `null` when it has none, and must be read through. */
export async function loadSealed(path: string, number: number): Promise<Segment | null> {
  const file = await open(path, "r");
  try {
    const segment = await readHeader(file, path, number);
    const { size } = await file.stat();
    if (segment === null || size < HEADER_BYTES + TRAILER_BYTES) return null;
    const end = await readRecord(file, size - TRAILER_BYTES, TRAILER_BYTES);
    if (end === null || end.kind !== TRAILER) return null;
    const offset = end.body.readDoubleLE(0);
    const index = await readRecord(file, offset, size - TRAILER_BYTES - offset);
    if (index === null || index.kind !== INDEX) return null;
    const { endedAt, spans } = JSON.parse(index.body.toString("utf8")) as SealedIndex;
    segment.restore(spans, endedAt, size);
    return segment;
  } finally {
    await file.close();
  }
}

async function readRecord(file: FileHandle, offset: number, bytes: number): Promise<RawRecord | null> {
  if (!(offset >= HEADER_BYTES && bytes > 0 && bytes <= MAX_BODY_BYTES)) return null;
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, offset);
  const record = decodeRecord(buffer.subarray(0, bytesRead), 0);
  return typeof record === "object" ? record : null;
}
