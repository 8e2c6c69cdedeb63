import { crc32 } from "node:zlib";
import type { Quality } from "@fieldmesh/protocol";
import type { WindowEntry } from "./ring.js";

/** What happened to whole windows since the block before; applied before the block's entries. */
export type WindowChange =
  | { change: "removed"; stream: string }
  | { change: "shifted"; stream: string; deltaMs: number; sinceArrival: number }
  | { change: "stepped"; deltaMs: number };

/** One write of the journal: all of it is there after a crash, or none. */
export interface Block {
  changes: WindowChange[];
  /** What the consumer knew when the block was written; not in every block. */
  state?: unknown;
  streams: { stream: string; entries: WindowEntry[] }[];
}

const QUALITIES: readonly (Quality | undefined)[] = [undefined, "uncertain", "bad"];
const ENTRY_BYTES = 41; // five doubles and the quality
export const BLOCK_HEADER_BYTES = 8; // length and CRC-32 of what follows, little endian

/**
 * `length u32 · crc32 u32 · metaLength u32 · meta JSON · entries`. The meta names the streams, their counts and
 * the reasons; entries follow in that order as arrival, t, v (NaN is null), boot, seq (doubles) and quality.
 */
export function encodeBlock(block: Block): Buffer {
  const reasons: [stream: number, entry: number, reason: string][] = [];
  block.streams.forEach(({ entries }, stream) => {
    entries.forEach(({ reason }, entry) => {
      if (reason !== undefined) reasons.push([stream, entry, reason]);
    });
  });
  const meta = Buffer.from(
    JSON.stringify({
      changes: block.changes,
      ...(block.state === undefined ? {} : { state: block.state }),
      streams: block.streams.map(({ stream, entries }) => [stream, entries.length]),
      reasons,
    }),
  );
  const count = block.streams.reduce((sum, { entries }) => sum + entries.length, 0);
  const buffer = Buffer.allocUnsafe(BLOCK_HEADER_BYTES + 4 + meta.length + count * ENTRY_BYTES);
  let at = buffer.writeUInt32LE(meta.length, BLOCK_HEADER_BYTES);
  at += meta.copy(buffer, at);
  for (const { entries } of block.streams) {
    for (const entry of entries) {
      at = buffer.writeDoubleLE(entry.arrival, at);
      at = buffer.writeDoubleLE(entry.t, at);
      at = buffer.writeDoubleLE(entry.v ?? Number.NaN, at);
      at = buffer.writeDoubleLE(entry.boot, at);
      at = buffer.writeDoubleLE(entry.seq, at);
      at = buffer.writeUInt8(QUALITIES.indexOf(entry.quality), at);
    }
  }
  const body = buffer.subarray(BLOCK_HEADER_BYTES);
  buffer.writeUInt32LE(body.length, 0);
  buffer.writeUInt32LE(crc32(body), 4);
  return buffer;
}

/** Reads the block at `at`; undefined when it is torn: the writer was killed, and nothing follows. */
export function decodeBlock(file: Buffer, at: number): { block: Block; next: number } | undefined {
  if (at + BLOCK_HEADER_BYTES > file.length) return undefined;
  const length = file.readUInt32LE(at);
  const next = at + BLOCK_HEADER_BYTES + length;
  if (next > file.length || length < 4) return undefined;
  const body = file.subarray(at + BLOCK_HEADER_BYTES, next);
  if (crc32(body) !== file.readUInt32LE(at + 4)) return undefined;
  const metaEnd = 4 + body.readUInt32LE(0);
  // Our own writing, whole by its checksum.
  const meta = JSON.parse(body.toString("utf8", 4, metaEnd)) as {
    changes: WindowChange[];
    state?: unknown;
    streams: [string, number][];
    reasons: [number, number, string][];
  };
  let from = metaEnd;
  const streams = meta.streams.map(([stream, count]) => {
    const entries = Array.from({ length: count }, (_, index) =>
      decodeEntry(body, from + index * ENTRY_BYTES),
    );
    from += count * ENTRY_BYTES;
    return { stream, entries };
  });
  for (const [stream, index, reason] of meta.reasons) {
    const entry = streams[stream]?.entries[index];
    if (entry !== undefined) entry.reason = reason;
  }
  return {
    block: { changes: meta.changes, streams, ...("state" in meta ? { state: meta.state } : {}) },
    next,
  };
}

function decodeEntry(body: Buffer, at: number): WindowEntry {
  const v = body.readDoubleLE(at + 16);
  const quality = QUALITIES[body.readUInt8(at + 40)];
  return {
    arrival: body.readDoubleLE(at),
    t: body.readDoubleLE(at + 8),
    v: Number.isNaN(v) ? null : v,
    boot: body.readDoubleLE(at + 24),
    seq: body.readDoubleLE(at + 32),
    ...(quality === undefined ? {} : { quality }),
  };
}
