import { crc32 } from "node:zlib";
import { checkFormat } from "@fieldmesh/runtime";

/**
 * How records lie in a segment file, little-endian:
 *
 *     header   "FMLOG" NUL | u16 format version | f64 log time at which the segment was begun
 *     record   u32 length of the body | u32 CRC-32 of kind and body | u8 kind | body
 *
 * A record is whole or it is not there: a length that does not fit, or a checksum that does not, ends the
 * segment. What a kill or a loss of power tore off is behind that point.
 */
export const FORMAT_VERSION = 1;
export const HEADER_BYTES = 16;
export const RECORD_HEAD_BYTES = 9;
/** A snapshot of many boots and sensors is the largest record; beyond this a length is taken as damage. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

const MAGIC = Buffer.from("FMLOG\0", "latin1");

export function encodeHeader(startedAt: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt16LE(FORMAT_VERSION, 6);
  header.writeDoubleLE(startedAt, 8);
  return header;
}

/**
 * Reads a segment's header; `null` when it is torn or foreign (nothing behind it can be trusted).
 * @throws FormatVersionError on a version from the future: it is refused by name, never overwritten.
 */
export function decodeHeader(bytes: Buffer, path: string): { startedAt: number } | null {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, 6).equals(MAGIC)) return null;
  const version = bytes.readUInt16LE(6);
  checkFormat(path, version, FORMAT_VERSION);
  return { startedAt: bytes.readDoubleLE(8) };
}

export function encodeRecord(kind: number, body: Buffer): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEAD_BYTES + body.length);
  record.writeUInt32LE(body.length, 0);
  record[8] = kind;
  body.copy(record, RECORD_HEAD_BYTES);
  record.writeUInt32LE(crc32(record.subarray(8)), 4);
  return record;
}

export interface RawRecord {
  kind: number;
  body: Buffer;
  /** Bytes that it takes in the file. */
  bytes: number;
}

/**
 * The record at `offset` of `bytes`. "short": it may go on behind the end of `bytes`; "damaged": it cannot be a
 * record.
 */
export function decodeRecord(bytes: Buffer, offset: number): RawRecord | "short" | "damaged" {
  if (offset + RECORD_HEAD_BYTES > bytes.length) return "short";
  const length = bytes.readUInt32LE(offset);
  if (length === 0 || length > MAX_BODY_BYTES) return "damaged";
  const end = offset + RECORD_HEAD_BYTES + length;
  if (end > bytes.length) return "short";
  if (bytes.readUInt32LE(offset + 4) !== crc32(bytes.subarray(offset + 8, end))) return "damaged";
  return {
    kind: bytes[offset + 8] ?? 0,
    body: bytes.subarray(offset + RECORD_HEAD_BYTES, end),
    bytes: end - offset,
  };
}
