/** What is judged waits so long for more of the same, ms. */
const GATHER_MS = 250;
/** Others get their turn after this, ms. */
const SLICE_MS = 10;
/** One that takes long (of thousands of streams, say) gets at most this share of the time… */
const SHARE = 1 / 20;
/** …but waits no longer than this, ms. */
const MAX_REST_MS = 5_000;

/**
 * What is to be judged again, each thing once however often it changed meanwhile: its length is bounded by how many
 * things there are. The event loop is never held for long, and no thing takes all of the time.
 */
export class JudgingQueue {
  readonly #judge: (id: string) => void;
  readonly #waiting = new Set<string>();
  /** Those that took long rest until then, by `performance.now()`. */
  readonly #resting = new Map<string, number>();
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  #closed = false;

  /** @param judge does not throw */
  constructor(judge: (id: string) => void) {
    this.#judge = judge;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(id: string): void {
    if (this.#closed) return;
    this.#waiting.add(id);
    this.#timer ??= setTimeout(() => this.#work(), GATHER_MS);
  }

  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
  }

  #work(): void {
    this.#timer = undefined;
    const began = performance.now();
    let now = began;
    let rested = false;
    for (const id of this.#waiting) {
      if (now - began >= SLICE_MS) {
        this.#timer = setImmediate(() => this.#work());
        return;
      }
      const until = this.#resting.get(id);
      if (until !== undefined && until > now) {
        rested = true;
        continue;
      }
      this.#waiting.delete(id);
      this.#judge(id);
      const ended = performance.now();
      const restMs = Math.min((ended - now) / SHARE, MAX_REST_MS);
      if (restMs > GATHER_MS) this.#resting.set(id, ended + restMs);
      else this.#resting.delete(id);
      now = ended;
    }
    if (rested || this.#waiting.size > 0) this.#timer = setTimeout(() => this.#work(), GATHER_MS);
  }
}
