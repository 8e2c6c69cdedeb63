import { isUtf8 } from "node:buffer";
import { MalformedPacketError } from "./malformed.js";

/** Reads the fields of one control packet in order; every read that finds too few bytes is malformed. */
export class FieldReader {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  /** @param start first byte after the fixed header @param end one past the packet's last byte */
  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    const at = this.#take(1);
    return this.#bytes[at] ?? 0;
  }

  uint16(): number {
    const at = this.#take(2);
    return ((this.#bytes[at] ?? 0) << 8) | (this.#bytes[at + 1] ?? 0);
  }

  /** A packet identifier: never zero [MQTT-2.3.1-1]. */
  packetId(): number {
    const id = this.uint16();
    if (id === 0) throw new MalformedPacketError("packet identifier 0", "MQTT-2.3.1-1");
    return id;
  }

  /** Bytes with a two-byte length before them. */
  binary(): Buffer {
    const length = this.uint16();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** UTF-8 with a two-byte length before it: well-formed, and without U+0000 [MQTT-1.5.3-1, MQTT-1.5.3-2]. */
  text(what: string): string {
    const bytes = this.binary();
    if (!isUtf8(bytes)) throw new MalformedPacketError(`${what} is not well-formed UTF-8`, "MQTT-1.5.3-1");
    if (bytes.includes(0)) throw new MalformedPacketError(`${what} holds U+0000`, "MQTT-1.5.3-2");
    return bytes.toString("utf8");
  }

  /** Nothing may follow the last field. */
  end(what: string): void {
    if (this.#at !== this.#end)
      throw new MalformedPacketError(`${this.remaining} bytes after the end of ${what}`, "MQTT-2.2.3");
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#end)
      throw new MalformedPacketError("a field is longer than its packet", "MQTT-2.2.3");
    this.#at = at + length;
    return at;
  }
}
