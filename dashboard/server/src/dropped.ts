import type { ChannelView, Dropped } from "@fieldmesh/protocol";

/** Topics that are told apart; those beyond are counted by cause only. */
const MAX_RECENT = 100;
/** Longest foreign text that is shown. */
const MAX_TEXT = 200; // characters

interface Entry {
  topic: string;
  cause: string;
  detail: string;
  count: number;
  at: number;
}

/** Counts what came and was not taken, by cause, and by topic for the latest: nothing is lost silently. */
export class DroppedCounter {
  readonly #byCause = new Map<string, number>();
  /** The most recent at the end. */
  readonly #recent = new Map<string, Entry>();
  #total = 0;
  #revision = 0;

  get total(): number {
    return this.#total;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Something else that the frame shows changed. */
  touch(): void {
    this.#revision += 1;
  }

  count(topic: string, cause: string, detail: string, now: number): void {
    this.#total += 1;
    this.#revision += 1;
    this.#byCause.set(cause, (this.#byCause.get(cause) ?? 0) + 1);
    const key = `${cause} ${topic.slice(0, MAX_TEXT)}`;
    const before = this.#recent.get(key);
    this.#recent.delete(key);
    this.#recent.set(key, {
      topic: topic.slice(0, MAX_TEXT),
      cause,
      detail: detail.slice(0, MAX_TEXT),
      count: (before?.count ?? 0) + 1,
      at: now,
    });
    if (this.#recent.size <= MAX_RECENT) return;
    const [oldest] = this.#recent.keys();
    if (oldest !== undefined) this.#recent.delete(oldest);
  }

  view(channels: ChannelView[]): Dropped {
    return {
      total: this.#total,
      byCause: Object.fromEntries(this.#byCause),
      recent: [...this.#recent.values()].reverse(),
      channels,
    };
  }
}
