import {
  ROLLUP_MS,
  type Rollup,
  type RollupLevel,
  type Sample,
  type SampleColumns,
} from "@fieldmesh/storage";

/** A row that is still being added to. */
interface OpenRow {
  at: number;
  count: number;
  min: number;
  max: number;
  sum: number;
  first: number;
  last: number;
  bad: number;
}

/** The start of the minute or hour that a time lies in, ms. */
export function rowStart(level: RollupLevel, at: number): number {
  const step = ROLLUP_MS[level];
  return Math.floor(at / step) * step;
}

/**
 * Rows of readings that come ascending by `at`. Pure. A reading of quality bad is counted as such and its value,
 * where it has one, is left out; an uncertain one counts like a good one.
 */
export class RollUp {
  readonly #level: RollupLevel;
  readonly #rows: Rollup[] = [];
  #open: OpenRow | undefined;

  constructor(level: RollupLevel) {
    this.#level = level;
  }

  columns(columns: SampleColumns): void {
    let mark = 0;
    for (let i = 0; i < columns.length; i++) {
      while ((columns.marks[mark]?.index ?? Number.POSITIVE_INFINITY) < i) mark++;
      const marked = columns.marks[mark];
      const bad = marked?.index === i && marked.quality === "bad";
      // The arrays are as long as `length` says.
      this.#add(columns.at[i] as number, bad ? Number.NaN : (columns.value[i] as number));
    }
  }

  sample(sample: Sample): void {
    const { at, value, quality } = sample;
    this.#add(at, value === null || quality === "bad" ? Number.NaN : Number(value));
  }

  /** All rows, ascending; those without any reading are not among them. */
  rows(): Rollup[] {
    this.#close();
    return this.#rows;
  }

  #add(at: number, value: number): void {
    const start = rowStart(this.#level, at);
    let open = this.#open;
    if (open === undefined || open.at !== start) {
      this.#close();
      open = { at: start, count: 0, min: 0, max: 0, sum: 0, first: 0, last: 0, bad: 0 };
      this.#open = open;
    }
    if (Number.isNaN(value)) {
      open.bad++;
      return;
    }
    if (open.count === 0) {
      open.min = value;
      open.max = value;
      open.first = value;
    } else if (value < open.min) open.min = value;
    else if (value > open.max) open.max = value;
    open.count++;
    open.sum += value;
    open.last = value;
  }

  #close(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const { at, count, min, max, sum, first, last, bad } = open;
    this.#rows.push(
      count === 0
        ? { at, count, min: null, max: null, mean: null, first: null, last: null, bad }
        : { at, count, min, max, mean: bounded(sum / count, min, max), first, last, bad },
    );
  }
}

/** Rows of a longer level from those of a shorter one, ascending. */
export function coarser(level: RollupLevel, rows: readonly Rollup[]): Rollup[] {
  const longer: Rollup[] = [];
  for (const row of rows) {
    const at = rowStart(level, row.at);
    const open = longer.at(-1);
    if (open?.at === at) longer[longer.length - 1] = followed(open, row);
    else longer.push({ ...row, at });
  }
  return longer;
}

/** One row of two, the second of which is of later readings. Its start is that of the first. */
export function followed(row: Rollup, next: Rollup): Rollup {
  const both = { at: row.at, bad: row.bad + next.bad };
  if (!hasValues(next)) return { ...row, ...both };
  if (!hasValues(row)) return { ...next, ...both };
  const count = row.count + next.count;
  const min = Math.min(row.min, next.min);
  const max = Math.max(row.max, next.max);
  // Each mean by its weight: products of mean and count could leave the range of a double.
  const mean = bounded(row.mean * (row.count / count) + next.mean * (next.count / count), min, max);
  return { ...both, count, min, max, mean, first: row.first, last: next.last };
}

type WithValues = { [Field in keyof Rollup]: number };

function hasValues(row: Rollup): row is WithValues {
  return row.count > 0;
}

/** Rounding, and a sum past the range of a double, must not put a mean beside the values it is of. */
function bounded(mean: number, min: number, max: number): number {
  return Math.min(Math.max(mean, min), max);
}
