import type {
  Appended,
  Rollup,
  RollupLevel,
  Sample,
  SampleColumns,
  Series,
  TimeRange,
} from "@fieldmesh/storage";
import { RollUp, rowStart } from "../rollup/roll-up.js";
import { stretchesOf } from "./sample-columns.js";

/** Series in memory that can be away, or hang: faults that a real store cannot be brought to in a test. */
export class FakeSeries implements Pick<Series, "append" | "range" | "latest" | "rollups"> {
  readonly #streams = new Map<string, Sample[]>();
  readonly #clock: () => number;
  /** Thrown by everything while it is set. */
  failWith: Error | undefined;
  /** Everything waits for it. */
  gate: Promise<void> | undefined;
  /** Raw readings from before are gone; their rollups are not. */
  prunedBefore = Number.NEGATIVE_INFINITY;
  /** Stretches given out by `range`. */
  given = 0;
  /** `range` waits for it before each stretch but the first. */
  stall: Promise<void> | undefined;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  async append(batch: ReadonlyMap<string, readonly Sample[]>): Promise<Map<string, Appended>> {
    await this.#ready();
    const result = new Map<string, Appended>();
    for (const [stream, samples] of batch) {
      const held = this.#streams.get(stream) ?? [];
      const known = new Set(held.map(({ boot, seq }) => `${boot}/${seq}`));
      const stored: Sample[] = [];
      for (const sample of samples) {
        const key = `${sample.boot}/${sample.seq}`;
        if (known.has(key)) continue;
        known.add(key);
        stored.push(sample);
      }
      const all = [...held, ...stored].sort((one, other) => one.at - other.at);
      this.#streams.set(stream, all);
      result.set(stream, { stored, duplicates: samples.length - stored.length });
    }
    return result;
  }

  async *range(stream: string, { from, to }: TimeRange): AsyncGenerator<SampleColumns> {
    await this.#ready();
    for (const columns of stretchesOf(this.raw(stream).filter(({ at }) => at >= from && at < to))) {
      if (this.given > 0) await this.stall;
      this.given++;
      yield columns;
    }
  }

  async latest(stream: string): Promise<Sample | undefined> {
    await this.#ready();
    return this.raw(stream).at(-1);
  }

  async rollups(level: RollupLevel, stream: string, from: number, to: number): Promise<Rollup[]> {
    await this.#ready();
    const rollUp = new RollUp(level);
    // As in the real one, a minute is made once its time is over, and an hour from its minutes.
    const ended = rowStart("minute", this.#clock());
    for (const sample of this.#streams.get(stream) ?? []) if (sample.at < ended) rollUp.sample(sample);
    return rollUp.rows().filter(({ at }) => at >= from && at < to);
  }

  raw(stream: string): Sample[] {
    return (this.#streams.get(stream) ?? []).filter(({ at }) => at >= this.prunedBefore);
  }

  get names(): string[] {
    return [...this.#streams.keys()];
  }

  async #ready(): Promise<void> {
    await this.gate;
    if (this.failWith !== undefined) throw this.failWith;
  }
}
