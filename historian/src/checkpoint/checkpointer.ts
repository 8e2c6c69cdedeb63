import type { ConsumerClock, ConsumerState } from "@fieldmesh/runtime";
import type { Ingest } from "../ingest/ingest.js";
import type { Parts } from "../parts.js";

export interface CheckpointerOptions {
  parts: Parts;
  ingest: Pick<Ingest, "settle">;
  consumer: { save(): ConsumerState };
  clock: ConsumerClock;
  /** Of the one taken up. */
  savedAt: number | undefined;
}

/** A checkpoint that takes long, as of tens of thousands of streams, is taken less often: a tenth of the time at most… */
const REST = 10;
/** …and once in a minute at least. */
const MAX_REST_MS = 60_000;

/** Takes checkpoints: of one moment, and written when everything until then is safe. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #savedAt: number | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#savedAt = options.savedAt;
  }

  /** When the last one was taken that is written, ms. */
  get savedAt(): number | undefined {
    return this.#savedAt;
  }

  get due(): boolean {
    return this.#options.clock.monotonic() >= this.#dueAt;
  }

  /** One call at a time. @throws what the store throws; then the one before stands */
  async take(): Promise<void> {
    const { parts, ingest, consumer, clock } = this.#options;
    const { checkpoint, events, catalogue, losses, measurement, objectives, rollups } = parts;
    const begunAt = clock.monotonic();
    const state = { savedAt: clock.now(), consumer: consumer.save(), rollups: rollups.save() };
    await ingest.settle();
    await Promise.all([
      events.flush(),
      catalogue.flush(),
      losses.flush(),
      measurement.flush(),
      objectives.flush(),
    ]);
    await checkpoint.save(state);
    this.#savedAt = state.savedAt;
    const now = clock.monotonic();
    this.#dueAt = now + Math.min(MAX_REST_MS, REST * (now - begunAt));
  }
}
