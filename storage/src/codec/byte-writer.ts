/** Zigzag doubles a number: what stays below this stays exact. */
export const MAX_SIGNED = 2 ** 52;

/** Bytes that grow as they are written. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to 2^53 in groups of 7 bits, the lowest first. */
  unsigned(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      // Bit operations are of 32 bits.
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A whole number of either sign, below {@link MAX_SIGNED}: small ones of both are short. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  double(value: number): void {
    this.#room(8);
    this.#bytes.writeDoubleLE(value, this.#length);
    this.#length += 8;
  }

  /** Its length and its bytes as JSON, which keeps any string whole, unpaired surrogates too. */
  text(value: string): void {
    const json = Buffer.from(JSON.stringify(value));
    this.unsigned(json.length);
    this.put(json);
  }

  put(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was written; shares memory with the writer, which is not used any more. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + bytes));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
