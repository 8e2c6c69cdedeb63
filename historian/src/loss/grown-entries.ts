import type { LossExplanation } from "@fieldmesh/protocol";
import { type Entry, newEntry, sameWhy, touch } from "./entry.js";
import { between } from "./time-line.js";

/** Kept apart in memory for each boot; beyond it neighbours are told as one. */
const MAX_ENTRIES = 64;
/** One that has not grown for so long is finished. */
const FINISHED_MS = 10 * 60_000;

export interface Grown {
  from: number;
  to: number;
  fromAt: number;
  toAt: number;
  explanation: LossExplanation;
  cause?: string;
  /** When it came; absent of what the historian itself gave up, which is its own loss. */
  cameAt?: number;
  own?: true;
}

/** Gaps of one boot whose end is known: what came late or was recovered. Pieces that touch are one entry. */
export class GrownEntries {
  readonly #boot: number;
  /** An entry is no more: it went into another. */
  readonly #removed: (entry: Entry) => void;
  #entries: Entry[] = [];
  /** Entries that went into a neighbour to stay within the bound. */
  folded = 0;

  constructor(boot: number, removed: (entry: Entry) => void) {
    this.#boot = boot;
    this.#removed = removed;
  }

  get all(): readonly Entry[] {
    return this.#entries;
  }

  restore(entry: Entry): void {
    this.#entries.push(entry);
  }

  add(grown: Grown, now: number): void {
    const touching = this.#entries.filter((entry) => sameWhy(entry, grown) && touches(entry, grown));
    const [entry = this.#begin(grown, now), ...others] = touching;
    entry.numbers.add(grown.from, grown.to);
    extend(entry, grown);
    for (const other of others) this.#swallow(entry, other);
    touch(entry, now);
    if (this.#entries.length > MAX_ENTRIES) this.#fold(now);
  }

  /** Takes numbers out again: they came, and then the historian could not keep them. */
  remove(from: number, to: number, now: number): void {
    for (const entry of this.#entries) {
      const { min = 0, max = 0 } = entry.numbers;
      const line = [
        { seq: min, at: entry.fromAt },
        { seq: max, at: entry.toAt ?? entry.fromAt },
      ] as const;
      if (entry.numbers.remove(from, to) === 0) continue;
      if (entry.numbers.count === 0) this.#drop(entry);
      else {
        entry.fromAt = between(...line, entry.numbers.min ?? min);
        entry.toAt = between(...line, entry.numbers.max ?? max);
        touch(entry, now);
      }
    }
  }

  /** Lets go of those that are finished and in the store; `all`: the boot is over. */
  finish(now: number, all: boolean): Entry[] {
    const finished = this.#entries.filter((entry) => all || now - entry.touchedAt > FINISHED_MS);
    if (finished.length > 0) this.#entries = this.#entries.filter((entry) => !finished.includes(entry));
    return finished;
  }

  #begin({ explanation, cause, own, fromAt, toAt }: Grown, now: number): Entry {
    const whose = own === undefined ? {} : { own };
    const why = { explanation, ...(cause === undefined ? {} : { cause }), ...whose };
    const entry = newEntry({ boot: this.#boot, ...why, fromAt, toAt, open: false }, now);
    this.#entries.push(entry);
    return entry;
  }

  #swallow(entry: Entry, other: Entry): void {
    for (const [from, to] of other.numbers.ranges()) entry.numbers.add(from, to);
    const { fromAt, toAt, came } = other;
    extend(entry, { fromAt, toAt: toAt ?? fromAt });
    for (const cameAt of came ?? []) extend(entry, { fromAt, toAt: toAt ?? fromAt, cameAt });
    this.#drop(other);
  }

  /** Joins the two neighbours of one kind that are nearest. */
  #fold(now: number): void {
    const inOrder = this.#entries.toSorted((a, b) => (a.numbers.min ?? 0) - (b.numbers.min ?? 0));
    const nearest = nearestPair(inOrder);
    if (nearest === undefined) return;
    this.#swallow(...nearest);
    touch(nearest[0], now);
    this.folded++;
  }

  #drop(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#removed(entry);
  }
}

function touches({ numbers }: Entry, { from, to }: Grown): boolean {
  return from <= (numbers.max ?? 0) + 1 && to >= (numbers.min ?? 0) - 1;
}

function extend(entry: Entry, { fromAt, toAt, cameAt }: Pick<Grown, "fromAt" | "toAt" | "cameAt">): void {
  entry.fromAt = Math.min(entry.fromAt, fromAt);
  entry.toAt = Math.max(entry.toAt ?? toAt, toAt);
  if (cameAt === undefined) return;
  const [first, last] = entry.came ?? [cameAt, cameAt];
  entry.came = [Math.min(first, cameAt), Math.max(last, cameAt)];
}

/** The two neighbours of one explanation and cause between which the fewest numbers lie. */
function nearestPair(entries: readonly Entry[]): [Entry, Entry] | undefined {
  const latest = new Map<string, Entry>();
  let nearest: { pair: [Entry, Entry]; apart: number } | undefined;
  for (const entry of entries) {
    const why = `${entry.explanation}/${entry.cause ?? ""}`;
    const before = latest.get(why);
    latest.set(why, entry);
    if (before === undefined) continue;
    const apart = (entry.numbers.min ?? 0) - (before.numbers.max ?? 0);
    if (nearest === undefined || apart < nearest.apart) nearest = { pair: [before, entry], apart };
  }
  return nearest?.pair;
}
