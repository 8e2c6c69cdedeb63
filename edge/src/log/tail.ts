import type { Item, ItemKind } from "./entry.js";

export interface TailEntry {
  item: Item;
  /** The record as it will lie in the file. */
  record: Buffer;
}

/** What the log has taken and not yet written: the last half second, or more while the disk refuses. */
export class Tail {
  #entries: TailEntry[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#entries.length;
  }

  get entries(): readonly TailEntry[] {
    return this.#entries;
  }

  push(entry: TailEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.record.length;
  }

  /** The oldest entries, of at most `maxBytes` together, but at least one if there is any. */
  head(maxBytes: number): TailEntry[] {
    let bytes = 0;
    let count = 0;
    for (const entry of this.#entries) {
      if (count > 0 && bytes + entry.record.length > maxBytes) break;
      bytes += entry.record.length;
      count += 1;
    }
    return this.#entries.slice(0, count);
  }

  /** They are in the file now. */
  written(entries: readonly TailEntry[]): void {
    const gone = new Set(entries);
    this.#keep((entry) => !gone.has(entry));
  }

  /**
   * Makes room when the disk refuses: first what is delivered (it is only lost for `resend`), then the oldest
   * held readings, and events only when there is nothing else. Returns the held ones that it gave up.
   */
  shrink(maxBytes: number, held: (item: Item) => boolean): Item[] {
    const lost: Item[] = [];
    const give: [wanted: (item: Item) => boolean, isLoss: boolean][] = [
      [(item) => !held(item), false],
      [(item) => item.kind === ("reading" satisfies ItemKind), true],
      [() => true, true],
    ];
    for (const [wanted, isLoss] of give) {
      let excess = this.#bytes - maxBytes;
      if (excess <= 0) break;
      this.#keep((entry) => {
        if (excess <= 0 || !wanted(entry.item)) return true;
        excess -= entry.record.length;
        if (isLoss) lost.push(entry.item);
        return false;
      });
    }
    return lost;
  }

  #keep(wanted: (entry: TailEntry) => boolean): void {
    this.#entries = this.#entries.filter(wanted);
    this.#bytes = this.#entries.reduce((sum, entry) => sum + entry.record.length, 0);
  }
}
