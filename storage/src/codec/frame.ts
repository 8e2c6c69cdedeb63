import { constants, crc32, deflateRawSync, inflateRawSync } from "node:zlib";

/** Of what is kept; a store of a later one is refused by name. */
const FORMAT = 1;
/** [0] format, [1] flags, [2] count (u16), [4] end (f64), [12] checksum (CRC-32) of all but itself. */
const HEADER = 16; // bytes
const DEFLATED = 1;
/** No frame holds more once inflated: 1,024 readings of five columns, each with the longest reason, in JSON. */
const MAX_BODY = 16 * 1_048_576; // bytes

/** What is known of a frame without opening it. */
export interface FrameHead {
  /** Readings, or rows. */
  count: number;
  /** `at` of the last one, ms. */
  end: number;
  /** Some bits that mean something to who wrote it. */
  marks: number;
}

/** Puts a body into a frame with its head and a checksum, deflated where that makes it shorter. */
export function sealFrame(head: FrameHead, body: Buffer, deflate: boolean): Buffer {
  const short = deflate ? deflateRawSync(body, { level: constants.Z_BEST_COMPRESSION }) : body;
  const deflated = short.length < body.length;
  const kept = deflated ? short : body;
  const frame = Buffer.allocUnsafe(HEADER + kept.length);
  frame[0] = FORMAT;
  frame[1] = (deflated ? DEFLATED : 0) | (head.marks << 1);
  frame.writeUInt16LE(head.count, 2);
  frame.writeDoubleLE(head.end, 4);
  frame.set(kept, HEADER);
  frame.writeUInt32LE(checksum(frame), 12);
  return frame;
}

/** @throws RangeError when the frame is of a later format. */
export function readHead(frame: Buffer): FrameHead {
  if (frame.length < HEADER) throw new RangeError("it ends early");
  if (frame[0] !== FORMAT) {
    throw new RangeError(
      `it has format ${frame[0]}, from a later version of Fieldmesh; this one knows up to ${FORMAT}: use the later version`,
    );
  }
  return { count: frame.readUInt16LE(2), end: frame.readDoubleLE(4), marks: (frame[1] ?? 0) >> 1 };
}

/** The body of a frame. @throws RangeError when the frame is not what was written, or of a later format. */
export function openFrame(frame: Buffer): Buffer {
  readHead(frame);
  if (frame.readUInt32LE(12) !== checksum(frame)) throw new RangeError("its checksum is wrong");
  const body = frame.subarray(HEADER);
  return ((frame[1] ?? 0) & DEFLATED) === 0 ? body : inflateRawSync(body, { maxOutputLength: MAX_BODY });
}

function checksum(frame: Buffer): number {
  return crc32(frame.subarray(HEADER), crc32(frame.subarray(0, 12)));
}
