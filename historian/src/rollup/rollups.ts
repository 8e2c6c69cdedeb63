import type { SeqRange } from "@fieldmesh/protocol";
import type { Log } from "@fieldmesh/runtime";
import {
  type Appended,
  ROLLUP_MS,
  type Rollup,
  type RollupLevel,
  type Sample,
  type SampleColumns,
  type Series,
} from "@fieldmesh/storage";
import { DirtyRows } from "./dirty-rows.js";
import { coarser, followed, RollUp, rowStart } from "./roll-up.js";

export interface RollupsOptions {
  series: Pick<Series, "range" | "rollups" | "putRollups" | "streams">;
  /**
   * From when on all raw readings, and all minutes, are still there, ms: rows before that cannot be made anew and
   * are added to instead.
   */
  horizon: () => { raw: number; minute: number };
  clock: () => number;
  log: Log;
}

/** What a restarted historian needs so that no row is left behind. */
export interface RollupsState {
  v: 1;
  /** When it was saved: rows since then are looked at again. */
  at: number;
  minutes: Record<string, SeqRange[]>;
  hours: Record<string, SeqRange[]>;
}

/** Minutes made in one go; between two the event loop is free. A day of one stream. */
const PIECE_ROWS = 1_440;
/** Streams that are read side by side: a store across the network answers them in about the time of one. */
const AT_ONCE = 16;
/** A minute is made when it has been over for this long, so that stragglers cost nothing. */
const SETTLE_MS = 2_000;
/** What came before the last checkpoint may be older than it by the time that a node held it; that came by `stored`. */
const RECOVER_MS = 120_000;

/**
 * Minutes and hours of every stream, made from what is stored and made anew when late readings change them: a
 * minute from its raw readings, an hour from its minutes. Where those are pruned, what came is added to the row
 * that is there.
 */
export class Rollups {
  readonly #options: RollupsOptions;
  readonly #minutes = new DirtyRows("minute");
  readonly #hours = new DirtyRows("hour");
  /** Readings for rows that cannot be made anew, until the next flush: by level, as each is added to by itself. */
  readonly #beyond: Record<RollupLevel, Map<string, Sample[]>> = { minute: new Map(), hour: new Map() };
  #flushing: Promise<void> | undefined;

  constructor(options: RollupsOptions) {
    this.#options = options;
  }

  /** To be told of every append. */
  stored(result: ReadonlyMap<string, Appended>): void {
    const { raw } = this.#options.horizon();
    for (const [stream, { stored }] of result) {
      let marked = Number.NaN;
      for (const sample of stored) {
        if (sample.at < raw) {
          this.#putBeyond("minute", stream, [sample]);
          this.#putBeyond("hour", stream, [sample]);
          continue;
        }
        const minute = rowStart("minute", sample.at);
        if (minute === marked) continue;
        marked = minute;
        this.#minutes.mark(stream, minute);
      }
    }
  }

  /** To be told of readings that were stored by a process that died before it could make their rows. */
  replayed(stream: string, columns: SampleColumns): void {
    const first = columns.at[0];
    const last = columns.at[columns.length - 1];
    if (first !== undefined && last !== undefined) this.#minutes.markRange(stream, first, last);
  }

  /** Rows that wait to be made. */
  get pending(): number {
    return this.#minutes.count + this.#hours.count;
  }

  /**
   * Makes all rows whose time is over; with `all` also those of the present minute. A row that could not be written
   * is tried again at the next flush.
   */
  async flush({ all = false } = {}): Promise<void> {
    // One after the other: two at once would read a row and write it back over one another.
    const before = this.#flushing ?? Promise.resolve();
    const flushing = before.catch(() => undefined).then(() => this.#flush(all));
    this.#flushing = flushing;
    await flushing;
  }

  forget(stream: string): void {
    this.#minutes.forget(stream);
    this.#hours.forget(stream);
    this.#beyond.minute.delete(stream);
    this.#beyond.hour.delete(stream);
  }

  save(): RollupsState {
    return {
      v: 1,
      at: this.#options.clock(),
      minutes: this.#minutes.save(),
      hours: this.#hours.save(),
    };
  }

  /** Takes up where a process left off that may have died since. */
  async restore(state: RollupsState | undefined): Promise<void> {
    const since = (state?.at ?? this.#options.clock()) - RECOVER_MS;
    if (state !== undefined) {
      this.#minutes.restore(state.minutes);
      this.#hours.restore(state.hours);
    }
    for (const { stream, to } of await this.#options.series.streams()) {
      if (to !== null && to >= since) this.#minutes.markRange(stream, since, to);
    }
  }

  async #flush(all: boolean): Promise<void> {
    await this.#addBeyond();
    const { raw, minute } = this.#options.horizon();
    const before = all ? Number.MAX_SAFE_INTEGER : this.#options.clock() - SETTLE_MS;
    await this.#make("minute", this.#minutes, before, async ({ stream, from, to }) => {
      // Some of this stretch may have been pruned since it was marked.
      const start = Math.max(from, Math.ceil(raw / ROLLUP_MS.minute) * ROLLUP_MS.minute);
      const rollUp = new RollUp("minute");
      if (start >= to) return [];
      for await (const columns of this.#options.series.range(stream, { from: start, to })) {
        rollUp.columns(columns);
      }
      this.#hours.markRange(stream, from, to - 1);
      return rollUp.rows();
    });
    // The hour at hand too: its row is that of the minutes that are over.
    await this.#make("hour", this.#hours, Number.MAX_SAFE_INTEGER, async ({ stream, from, to }) => {
      const start = Math.max(from, Math.ceil(minute / ROLLUP_MS.hour) * ROLLUP_MS.hour);
      if (start >= to) return [];
      return coarser("hour", await this.#options.series.rollups("minute", stream, start, to));
    });
  }

  async #make(
    level: RollupLevel,
    dirty: DirtyRows,
    before: number,
    rowsOf: (run: { stream: string; from: number; to: number }) => Promise<Rollup[]>,
  ): Promise<void> {
    for (;;) {
      const runs = dirty.take(before, PIECE_ROWS);
      if (runs.length === 0) return;
      try {
        const rows = new Map<string, Rollup[]>();
        for (let i = 0; i < runs.length; i += AT_ONCE) {
          const some = runs.slice(i, i + AT_ONCE);
          const made = await Promise.all(some.map(rowsOf));
          some.forEach(({ stream }, n) => {
            rows.set(stream, [...(rows.get(stream) ?? []), ...(made[n] ?? [])]);
          });
        }
        await this.#options.series.putRollups(level, rows);
      } catch (error) {
        for (const { stream, from, to } of runs) dirty.markRange(stream, from, to - 1);
        throw error;
      }
    }
  }

  #putBeyond(level: RollupLevel, stream: string, samples: readonly Sample[]): void {
    const there = this.#beyond[level].get(stream);
    if (there === undefined) this.#beyond[level].set(stream, [...samples]);
    else there.push(...samples);
  }

  /** Readings older than what is kept raw: each row is what it was and what came. */
  async #addBeyond(): Promise<void> {
    for (const level of ["minute", "hour"] as const) {
      for (const [stream, samples] of this.#beyond[level]) {
        this.#beyond[level].delete(stream);
        try {
          await this.#add(level, stream, samples);
        } catch (error) {
          this.#putBeyond(level, stream, samples);
          throw error;
        }
      }
    }
  }

  async #add(level: RollupLevel, stream: string, samples: readonly Sample[]): Promise<void> {
    const rollUp = new RollUp(level);
    for (const sample of samples.toSorted((one, other) => one.at - other.at)) rollUp.sample(sample);
    const rows = rollUp.rows();
    const first = rows[0];
    const last = rows.at(-1);
    if (first === undefined || last === undefined) return;
    const there = new Map(
      (await this.#options.series.rollups(level, stream, first.at, last.at + 1)).map((row) => [row.at, row]),
    );
    const put = rows.map((row) => {
      const old = there.get(row.at);
      return old === undefined ? row : followed(old, row);
    });
    await this.#options.series.putRollups(level, new Map([[stream, put]]));
  }
}
