interface Page {
  entries: readonly string[];
  bytes: Buffer;
}

/** At most 16 MiB in all. */
const MAX_PAGES = 64;
const MAX_BYTES = 262_144;
const MAX_ADDRESS = 500; // characters

/**
 * Bytes of the pages of a list that were sent last. A catalogue is read far more often than it changes: a page with
 * the very same entries is sent as the same bytes, without being written and encoded anew.
 */
export class PageBytes {
  readonly #pages = new Map<string, Page>();

  /** @param address what was asked: where to look, not what decides */
  of(address: string, entries: readonly string[]): Buffer {
    const known = this.#pages.get(address);
    if (known !== undefined && isSame(known.entries, entries)) return known.bytes;
    const bytes = Buffer.from(`[${entries.join(",")}]`);
    this.#pages.delete(address);
    if (bytes.length > MAX_BYTES || address.length > MAX_ADDRESS) return bytes;
    this.#pages.set(address, { entries, bytes });
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > MAX_PAGES && oldest !== undefined) this.#pages.delete(oldest);
    return bytes;
  }
}

/** Mostly the same strings in memory, which is told at a glance. */
function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((entry, position) => entry === other[position]);
}
