/** An insertion moves at most so many entries, however many there are. */
const MAX_BLOCK = 512;

interface Block<V> {
  ids: string[];
  values: V[];
}

/** Entries by id, in order; ids are ASCII, compared by their code units. Made of short blocks of entries. */
export class SortedEntries<V> {
  readonly #blocks: Block<V>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  set(id: string, value: V): void {
    const at = this.#blockOf(id);
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push({ ids: [id], values: [value] });
      this.#size += 1;
      return;
    }
    const position = firstFrom(block.ids, id);
    if (block.ids[position] === id) {
      block.values[position] = value;
      return;
    }
    block.ids.splice(position, 0, id);
    block.values.splice(position, 0, value);
    this.#size += 1;
    if (block.ids.length <= MAX_BLOCK) return;
    const half = MAX_BLOCK / 2;
    this.#blocks.splice(at + 1, 0, { ids: block.ids.splice(half), values: block.values.splice(half) });
  }

  delete(id: string): void {
    const at = this.#blockOf(id);
    const block = this.#blocks[at];
    if (block === undefined) return;
    const position = firstFrom(block.ids, id);
    if (block.ids[position] !== id) return;
    block.ids.splice(position, 1);
    block.values.splice(position, 1);
    this.#size -= 1;
    if (block.ids.length === 0) this.#blocks.splice(at, 1);
  }

  get(id: string): V | undefined {
    const block = this.#blocks[this.#blockOf(id)];
    if (block === undefined) return undefined;
    const position = firstFrom(block.ids, id);
    return block.ids[position] === id ? block.values[position] : undefined;
  }

  /** Those from this id on, in order, until `visit` says that it is enough. */
  forEachFrom(id: string, visit: (value: V, id: string) => boolean): void {
    const start = this.#blockOf(id);
    for (const [at, { ids, values }] of this.#blocks.entries()) {
      if (at < start) continue;
      const first = at === start ? firstFrom(ids, id) : 0;
      for (let position = first; position < ids.length; position += 1) {
        const value = values[position];
        if (value !== undefined && !visit(value, ids[position] ?? "")) return;
      }
    }
  }

  /** Each in order. */
  forEach(visit: (value: V, id: string) => void): void {
    for (const { ids, values } of this.#blocks) {
      for (const [position, value] of values.entries()) visit(value, ids[position] ?? "");
    }
  }

  /** The block that has this id, or would: the last one that begins with it or before, else the first. */
  #blockOf(id: string): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#blocks[middle]?.ids[0] ?? "") <= id) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Where the first of sorted ids is that is this one or comes after it. */
function firstFrom(ids: readonly string[], id: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] ?? "") < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
