/** Reads what a ByteWriter wrote. @throws RangeError where the bytes end early or make no sense. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RangeError("it ends early");
    return value;
  }

  unsigned(): number {
    const byte = this.byte();
    return byte < 0x80 ? byte : this.#rest(byte & 0x7f);
  }

  signed(): number {
    const byte = this.byte();
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    const value = this.#rest(byte & 0x7f);
    // Bit operations are of 32 bits, and several times faster than a remainder.
    if (value < 0x7fff_ffff) return (value >>> 1) ^ -(value & 1);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A count of things that follow. */
  count(max: number): number {
    const value = this.unsigned();
    if (value > max) throw new RangeError(`it has ${value} where at most ${max} can be`);
    return value;
  }

  double(): number {
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  text(): string {
    const value: unknown = JSON.parse(this.take(this.unsigned()).toString());
    if (typeof value !== "string") throw new RangeError("it has no text where one should be");
    return value;
  }

  /** The groups of 7 bits after the lowest. */
  #rest(lowest: number): number {
    let value = lowest;
    let scale = 0x80;
    let byte: number;
    do {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    return value;
  }

  take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new RangeError("it ends early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
