import { MalformedPacketError } from "./malformed.js";

const MAX_BYTES = 4;

/**
 * The remaining length [MQTT-2.2.3] that begins here, and how many bytes it takes; null when not all of them have come.
 * @throws {MalformedPacketError}
 */
export function remainingLength(bytes: Buffer, at: number): { value: number; bytes: number } | null {
  let value = 0;
  for (let i = 0; i < MAX_BYTES; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return null;
    value += (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return { value, bytes: i + 1 };
  }
  throw new MalformedPacketError("a remaining length of more than four bytes", "MQTT-2.2.3");
}
