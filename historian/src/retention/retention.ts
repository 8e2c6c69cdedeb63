import type { Log } from "@fieldmesh/runtime";
import { type Collection, type LevelSize, type RollupLevel, type Series, upsert } from "@fieldmesh/storage";

type Level = "raw" | RollupLevel;

/** How long each level is kept, ms. Events and losses are kept as long as hours: they are what hours explain. */
export type RetentionTerms = Readonly<Record<Level, number>>;

const DAY_MS = 86_400_000;
export const DEFAULT_RETENTION: RetentionTerms = {
  raw: 7 * DAY_MS,
  minute: 90 * DAY_MS,
  hour: 5 * 365 * DAY_MS,
};

/** Up to when each level was pruned, ms: a term that is made longer brings nothing back. */
export interface HorizonDocument {
  raw: number;
  minute: number;
  hour: number;
}

export interface RetentionOptions {
  series: Pick<Series, "prune">;
  /** Holds one document. */
  collection: Collection<HorizonDocument>;
  /** Documents that go when the hours of their time do. Each answers how many it removed. */
  documents: readonly { what: string; prune: (before: number) => Promise<number> }[];
  /** Read at each run, so that a change of the configuration takes effect. */
  terms: () => RetentionTerms;
  clock: () => number;
  log: Log;
  /** Default an hour: pruning goes by whole blocks, so more often would find nothing. */
  everyMs?: number;
}

export interface RetentionReport {
  removed: Record<Level, LevelSize>;
  documents: Record<string, number>;
}

const HORIZON = "horizon";
const EVERY_MS = 3_600_000;
/** The first run waits until a start with its catching up is over. */
const FIRST_MS = 60_000;

/** Removes what is older than its level's term, in the background. */
export class Retention {
  readonly #options: RetentionOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;
  #pruned: HorizonDocument = { raw: 0, minute: 0, hour: 0 };

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** To be called before readings are stored. */
  async restore(): Promise<void> {
    const kept = await this.#options.collection.get(HORIZON);
    if (kept !== undefined) this.#pruned = kept.document;
  }

  start(): void {
    this.#wait(FIRST_MS);
  }

  /** From when on nothing of a level was or will be removed, ms. */
  horizon(): Record<Level, number> {
    const { raw, minute, hour } = this.#options.terms();
    const now = this.#options.clock();
    return {
      raw: Math.max(this.#pruned.raw, now - raw),
      minute: Math.max(this.#pruned.minute, now - minute),
      hour: Math.max(this.#pruned.hour, now - hour),
    };
  }

  async run(): Promise<RetentionReport> {
    const { series, collection, documents, log } = this.#options;
    const before = this.horizon();
    // First the word, then the deed: after a kill between the two a row is added to rather than made anew from half.
    await upsert(collection, HORIZON, before);
    this.#pruned = before;
    const removed = {
      raw: await series.prune("raw", before.raw),
      minute: await series.prune("minute", before.minute),
      hour: await series.prune("hour", before.hour),
    };
    const counts: Record<string, number> = {};
    for (const { what, prune } of documents) counts[what] = await prune(before.hour);
    if ([...Object.values(counts), ...Object.values(removed).map(({ rows }) => rows)].some((n) => n > 0)) {
      log.info({ removed, documents: counts }, "pruned what is past its term");
    }
    return { removed, documents: counts };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #wait(ms: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.run()
        .then(
          () => undefined,
          // The store is away, say: what is past its term is so at the next run too.
          (error: unknown) => this.#options.log.warn({ err: error }, "could not prune; tried again later"),
        )
        .finally(() => this.#wait(this.#options.everyMs ?? EVERY_MS));
    }, ms);
    this.#timer.unref();
  }
}
