/** What was kept cannot be read: another program wrote it, or it was damaged. */
export class PackingError extends Error {
  override readonly name = "PackingError";
  readonly code = "measure_packing";
}

/**
 * Writes whole numbers from 0 to 2^53 - 1 as bytes, small ones in one (LEB128), and runs of the same number as
 * one: a day of a steady stream is a few bytes. As text it is base64, which every store takes.
 */
export class Packer {
  #bytes = new Uint8Array(1_024);
  #length = 0;

  put(value: number): void {
    if (this.#length + 8 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** `count` numbers, each as `at` says; {@link Unpacker.column} reads them. */
  column(count: number, at: (index: number) => number): void {
    let index = 0;
    while (index < count) {
      const value = at(index);
      let end = index + 1;
      while (end < count && at(end) === value) end++;
      this.put(value);
      this.put(end - index);
      index = end;
    }
  }

  /** What was put so far, as text; the packer is empty afterwards. */
  take(): string {
    const text = Buffer.from(this.#bytes.buffer, 0, this.#length).toString("base64");
    this.#length = 0;
    return text;
  }
}

/** Reads what a {@link Packer} wrote. @throws PackingError when it ends too early. */
export class Unpacker {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(text: string) {
    this.#bytes = Buffer.from(text, "base64");
  }

  get(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new PackingError("kept measurements end too early: expected more bytes");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  column(count: number, put: (index: number, value: number) => void): void {
    let index = 0;
    while (index < count) {
      const value = this.get();
      const end = index + this.get();
      if (end <= index || end > count) throw new PackingError(`a run ends at ${end}: expected 1 to ${count}`);
      for (; index < end; index++) put(index, value);
    }
  }
}
