/** Times are told apart to this, ms: what is due is found at most so late. */
const GRAIN_MS = 5_000;

/** When each of many things is due next. Setting a time, which happens far more often than it comes, costs no search. */
export class DueTimes {
  readonly #at = new Map<string, number>();
  /** Ids by the piece of time in which to look at them: not later than when they are due, often earlier. */
  readonly #buckets = new Map<number, Set<string>>();
  readonly #bucketOf = new Map<string, number>();

  /** `Infinity`: never. */
  set(id: string, at: number): void {
    if (!Number.isFinite(at)) {
      this.#at.delete(id);
      return; // its bucket finds nothing
    }
    this.#at.set(id, at);
    const bucket = Math.ceil(at / GRAIN_MS);
    const before = this.#bucketOf.get(id);
    if (before !== undefined && before <= bucket) return;
    if (before !== undefined) this.#buckets.get(before)?.delete(id);
    this.#put(id, bucket);
  }

  delete(id: string): void {
    this.#at.delete(id);
  }

  /** Takes those out that are due. */
  take(now: number): string[] {
    const due: string[] = [];
    for (const [bucket, ids] of this.#buckets) {
      if (bucket * GRAIN_MS > now) continue;
      this.#buckets.delete(bucket);
      for (const id of ids) {
        this.#bucketOf.delete(id);
        const at = this.#at.get(id);
        if (at === undefined) continue;
        if (at > now) this.#put(id, Math.ceil(at / GRAIN_MS));
        else {
          this.#at.delete(id);
          due.push(id);
        }
      }
    }
    return due;
  }

  #put(id: string, bucket: number): void {
    const ids = this.#buckets.get(bucket);
    if (ids === undefined) this.#buckets.set(bucket, new Set([id]));
    else ids.add(id);
    this.#bucketOf.set(id, bucket);
  }
}
