import type { Cause } from "@fieldmesh/protocol";

/** Why a consumer did not take a message. */
export type DropCause =
  | Cause
  | "unaccounted" // a form without accounting, for a node that has a birth
  | "limit"; // one node, stream or rule more than this consumer keeps

export interface DroppedTopic {
  topic: string;
  cause: DropCause;
  /** Of the latest one: names field, value and expectation. */
  detail: string;
  count: number;
  /** When the latest came, ms. */
  at: number;
}

/** Topics are foreign text: longer ones are cut. */
const MAX_TOPIC_CHARS = 200;

/** Counts what was not taken, by topic and cause. Bounded: of more topics only the latest are kept. */
export class Drops {
  readonly #limit: number;
  /** In order of the latest drop, oldest first. */
  readonly #topics = new Map<string, DroppedTopic>();
  readonly #byCause = new Map<DropCause, number>();
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get total(): number {
    return this.#total;
  }

  get byCause(): Record<string, number> {
    return Object.fromEntries(this.#byCause);
  }

  /** The latest, newest first. */
  recent(limit = 100): DroppedTopic[] {
    return [...this.#topics.values()].slice(-limit).reverse();
  }

  add(topic: string, cause: DropCause, detail: string, at: number): DroppedTopic {
    this.#total++;
    this.#byCause.set(cause, (this.#byCause.get(cause) ?? 0) + 1);
    const shown = topic.slice(0, MAX_TOPIC_CHARS);
    const key = `${cause} ${shown}`;
    const dropped = { topic: shown, cause, detail, count: (this.#topics.get(key)?.count ?? 0) + 1, at };
    this.#topics.delete(key);
    this.#topics.set(key, dropped);
    if (this.#topics.size > this.#limit) {
      for (const oldest of this.#topics.keys()) {
        this.#topics.delete(oldest);
        break;
      }
    }
    return dropped;
  }
}
