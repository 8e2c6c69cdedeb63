/**
 * What changed since when, for browsers that each know up to which revision they were told: nobody keeps a
 * queue for them. Removed keys are remembered for as long as there is room; who is further behind than that
 * is told everything.
 */
export class Revisions {
  readonly #maxRemoved: number;
  /** Revision of the last change of each key, in the order of the changes: the newest at the end. */
  readonly #changed = new Map<string, number>();
  readonly #removed = new Map<string, number>();
  #revision = 0;
  #floor = 0;

  constructor(maxRemoved = 1_000) {
    this.#maxRemoved = maxRemoved;
  }

  get current(): number {
    return this.#revision;
  }

  touch(key: string): void {
    this.#removed.delete(key);
    this.#changed.delete(key);
    this.#changed.set(key, ++this.#revision);
  }

  remove(key: string): void {
    if (!this.#changed.delete(key)) return;
    this.#removed.set(key, ++this.#revision);
    if (this.#removed.size <= this.#maxRemoved) return;
    const [oldest] = this.#removed;
    if (oldest === undefined) return;
    this.#removed.delete(oldest[0]);
    this.#floor = oldest[1];
  }

  /** Keys that changed and keys that went after `revision`; undefined when that is too long ago to tell. */
  since(revision: number): { changed: string[]; removed: string[] } | undefined {
    if (revision < this.#floor) return undefined;
    return { changed: after(this.#changed, revision), removed: after(this.#removed, revision) };
  }
}

function after(revisions: ReadonlyMap<string, number>, revision: number): string[] {
  const keys: string[] = [];
  for (const [key, changed] of revisions) if (changed > revision) keys.push(key);
  return keys;
}
