import { type BootMissing, type MissingPiece, RangeSet } from "@fieldmesh/protocol";
import { type Entry, newEntry, touch } from "./entry.js";
import { between } from "./time-line.js";

/** Entries of one boot at once; beyond it neighbours are told as one. Far more than outages make. */
const MAX_ENTRIES = 256;

/** What is missing and told as one entry. */
interface Group {
  numbers: RangeSet;
  explanation: MissingPiece["state"];
  cause?: string;
}

/** A number that was missing at the last look and is not any more, though nobody told that it came. */
export interface Vanished {
  from: number;
  to: number;
  was: Entry["explanation"];
  fromAt: number;
  toAt: number;
}

export interface MissingPorts {
  boot: number;
  /** An entry is no more: what it told has come, or is told by another. */
  removed: (entry: Entry) => void;
}

/** Gaps of one boot that are there now, exactly those that the ledger knows of: dropped, held and unknown. */
export class MissingEntries {
  readonly #ports: MissingPorts;
  #entries: Entry[] = [];
  #last = "";
  /** Groups that went into a neighbour at the last look, to stay within the bound. */
  folded = 0;
  /** The highest number that is missing: what is above it cannot be in an entry. */
  max = 0;

  constructor(ports: MissingPorts) {
    this.#ports = ports;
  }

  get all(): readonly Entry[] {
    return this.#entries;
  }

  restore(entry: Entry): void {
    this.#entries.push(entry);
    this.max = Math.max(this.max, entry.numbers.max ?? 0);
  }

  /** Takes out a number that came; answers the entry that it was missing in. */
  take(seq: number, now: number): Entry | undefined {
    const entry = this.#entries.find(({ numbers }) => numbers.has(seq));
    if (entry === undefined) return undefined;
    this.#last = "";
    const { min = 0, max = 0 } = entry.numbers;
    entry.numbers.remove(seq);
    if (entry.numbers.count === 0) {
      this.#entries = this.#entries.filter((other) => other !== entry);
      this.#ports.removed(entry);
    } else {
      const line = lineOf(entry, min, max);
      entry.fromAt = between(...line, entry.numbers.min ?? min);
      if (entry.toAt !== null) entry.toAt = between(...line, entry.numbers.max ?? max);
      touch(entry, now);
    }
    return entry;
  }

  /**
   * Makes the entries agree with what the ledger says now.
   * @param timeOf when a number was read, as far as anything is known of it
   * @returns what is not missing any more, and what is settled: final, whatever it was
   */
  sync(
    { pieces, apartFrom, lastSeq }: BootMissing,
    timeOf: (seq: number) => number,
    now: number,
  ): { vanished: Vanished[]; settled: Entry[] } {
    const key = `${apartFrom} ${lastSeq < this.max} ${pieces.map(({ from, to, state, cause }) => `${from}-${to}${state}${cause}`).join()}`;
    if (key === this.#last) return { vanished: [], settled: [] };
    this.#last = key;
    const settled = this.#settle(apartFrom, now);
    const missing = RangeSet.of(pieces.map(({ from, to }) => [from, to]));
    // What the ledger has never heard of has not come: it was restored from an earlier moment.
    const vanished = this.#entries.flatMap((entry) => vanishedOf(entry, missing, lastSeq));
    this.#assign(this.#grouped(pieces), timeOf, now);
    this.max = missing.max ?? 0;
    return { vanished, settled };
  }

  /** The boot is over for the ledger: nothing of it will change. */
  finish(now: number): Entry[] {
    const entries = this.#entries;
    for (const entry of entries) {
      entry.open = false;
      touch(entry, now);
    }
    this.#entries = [];
    this.max = 0;
    return entries;
  }

  /** Of numbers that the ledger only counts any more it says: what was dropped stays so, the rest it gave up. */
  #settle(apartFrom: number, now: number): Entry[] {
    const settled: Entry[] = [];
    for (const entry of this.#entries) {
      const { min = 0, max = 0 } = entry.numbers;
      if (min >= apartFrom) continue;
      const line = lineOf(entry, min, max);
      const below = entry.numbers.clip(0, apartFrom - 1);
      const gaveUp = entry.explanation === "dropped" ? {} : { cause: "overflow" };
      const final: Entry =
        below.count === entry.numbers.count
          ? entry
          : newEntry({ ...entry, numbers: below, fromAt: entry.fromAt, toAt: entry.toAt, open: false }, now);
      if (final !== entry) {
        entry.numbers = entry.numbers.clip(apartFrom, Number.MAX_SAFE_INTEGER);
        entry.fromAt = between(...line, entry.numbers.min ?? min);
        touch(entry, now);
      }
      Object.assign(final, { explanation: "dropped", open: false, ...gaveUp });
      final.toAt = between(...line, below.max ?? min);
      touch(final, now);
      settled.push(final);
    }
    this.#entries = this.#entries.filter((entry) => !settled.includes(entry));
    return settled;
  }

  #grouped(pieces: readonly MissingPiece[]): Group[] {
    this.folded = Math.max(0, pieces.length - MAX_ENTRIES);
    return foldPieces(pieces, this.folded).map((together) => {
      const [first] = together;
      const group: Group = {
        numbers: RangeSet.of(together.map(({ from, to }) => [from, to])),
        explanation: first.state,
      };
      return first.cause === undefined ? group : { ...group, cause: first.cause };
    });
  }

  #assign(groups: readonly Group[], timeOf: (seq: number) => number, now: number): void {
    const old = this.#entries.map((entry) => {
      const { min = 0, max = 0 } = entry.numbers;
      return { entry, min, max, line: lineOf(entry, min, max), claimed: false };
    });
    this.#entries = groups.map((group) => {
      const { min = 0, max = 0 } = group.numbers;
      const near = old.filter((one) => one.min <= max && one.max >= min && overlaps(one.entry, group));
      const known = (seq: number): number => {
        const on = near.find((one) => seq >= one.min && seq <= one.max);
        return on === undefined ? timeOf(seq) : between(...on.line, seq);
      };
      const free = near.filter(({ claimed }) => !claimed);
      const mine = free.find(({ entry }) => sameKind(entry, group)) ?? free[0];
      const fromAt = known(min);
      const toAt = Math.max(fromAt, known(max));
      const open = group.explanation !== "dropped";
      if (mine === undefined) return newEntry({ boot: this.#ports.boot, ...group, fromAt, toAt, open }, now);
      mine.claimed = true;
      update(mine.entry, group, { fromAt, toAt, open }, now);
      return mine.entry;
    });
    for (const { entry, claimed } of old) if (!claimed) this.#ports.removed(entry);
  }
}

function update(
  entry: Entry,
  { numbers, explanation, cause }: Group,
  told: Pick<Entry, "fromAt" | "toAt" | "open">,
  now: number,
): void {
  const same =
    sameKind(entry, { explanation, ...(cause === undefined ? {} : { cause }) }) &&
    entry.numbers.min === numbers.min &&
    entry.numbers.max === numbers.max &&
    entry.numbers.count === numbers.count;
  entry.numbers = numbers;
  if (same) return;
  entry.explanation = explanation;
  if (cause === undefined) delete entry.cause;
  else entry.cause = cause;
  Object.assign(entry, told);
  touch(entry, now);
}

function sameKind(a: Pick<Group, "cause"> & { explanation: string }, b: typeof a): boolean {
  return a.explanation === b.explanation && a.cause === b.cause;
}

function overlaps({ numbers }: Entry, group: Group): boolean {
  return group.numbers.ranges().some(([from, to]) => numbers.countWithin(from, to) > 0);
}

function lineOf({ fromAt, toAt }: Entry, min: number, max: number) {
  return [
    { seq: min, at: fromAt },
    { seq: max, at: toAt ?? fromAt },
  ] as const;
}

function vanishedOf(entry: Entry, missing: RangeSet, lastSeq: number): Vanished[] {
  const { min = 0, max = 0 } = entry.numbers;
  const line = lineOf(entry, min, max);
  return entry.numbers
    .subtract(missing)
    .clip(0, lastSeq)
    .ranges()
    .map(([from, to]) => ({
      from,
      to,
      was: entry.explanation,
      fromAt: between(...line, from),
      toAt: between(...line, to),
    }));
}

/** Joins neighbours of one kind, those first between which the fewest numbers lie; ascending within each. */
function foldPieces(pieces: readonly MissingPiece[], excess: number): [MissingPiece, ...MissingPiece[]][] {
  const latest = new Map<string, number>();
  const joins: { into: number; index: number; apart: number }[] = [];
  if (excess > 0) {
    for (const [index, { from, state, cause = "" }] of pieces.entries()) {
      const kind = `${state}/${cause}`;
      const into = latest.get(kind);
      latest.set(kind, index);
      if (into !== undefined) joins.push({ into, index, apart: from - (pieces[into]?.to ?? 0) });
    }
    joins.sort((a, b) => a.apart - b.apart);
  }
  const joined = new Map(joins.slice(0, excess).map(({ into, index }) => [index, into]));
  const groups: ([MissingPiece, ...MissingPiece[]] | undefined)[] = [];
  for (const [index, piece] of pieces.entries()) {
    const group = groups[joined.get(index) ?? -1];
    if (group === undefined) groups[index] = [piece];
    else {
      group.push(piece);
      groups[index] = group;
    }
  }
  return [...new Set(groups)].filter((group) => group !== undefined);
}
