import type { Packer, Unpacker } from "./packing.js";
import { SlidingCounters } from "./sliding-counters.js";
import { COUNT_TIERS, type CountWindow } from "./tiers.js";

/** Reasons told apart; a reason is a node's own words and may be different each time. */
const MAX_REASONS = 8;
const OTHER = MAX_REASONS;
const FIELDS = MAX_REASONS + 1;
/** Of a reading that tells none. */
const UNSPECIFIED = "unspecified";
const MAX_REASON_CHARS = 100;
const LONGEST: CountWindow = { tier: COUNT_TIERS.length - 1, slots: COUNT_TIERS.at(-1)?.slots ?? 0 };

/** Readings of quality bad, by reason. A place is free again when its reason has left the longest window. */
export class BadReasons {
  readonly #counters = new SlidingCounters(COUNT_TIERS, FIELDS);
  #reasons: string[] = [];

  add(reason: string | undefined, at: number, now: number): void {
    const word = (reason ?? UNSPECIFIED).slice(0, MAX_REASON_CHARS);
    let field = this.#reasons.indexOf(word);
    if (field < 0) {
      field = this.#reasons.length < MAX_REASONS ? this.#reasons.length : this.#unused(now);
      if (field !== OTHER) this.#reasons[field] = word;
    }
    this.#counters.add(at, field, 1);
  }

  /** How many in a window up to `now`, and by reason. */
  sum(window: CountWindow, now: number): { bad: number; badBy: Record<string, number> } {
    if (this.#reasons.length === 0) return { bad: 0, badBy: {} };
    const sums = new Float64Array(FIELDS);
    this.#counters.sum(window, now, sums);
    const named = this.#reasons.map((reason, field): [string, number] => [reason, sums[field] ?? 0]);
    const all: [string, number][] = [...named, ["other", sums[OTHER] ?? 0]];
    const badBy = new Map<string, number>();
    for (const [reason, count] of all) if (count > 0) badBy.set(reason, (badBy.get(reason) ?? 0) + count);
    return { bad: sums.reduce((a, b) => a + b, 0), badBy: Object.fromEntries(badBy) };
  }

  rewind(now: number): void {
    this.#counters.rewind(now);
  }

  trim(): void {
    this.#counters.trim();
  }

  get reasons(): readonly string[] {
    return this.#reasons;
  }

  pack(packer: Packer): void {
    this.#counters.pack(packer);
  }

  unpack(unpacker: Unpacker, reasons: readonly string[]): void {
    this.#counters.unpack(unpacker);
    this.#reasons = reasons.slice(0, MAX_REASONS);
  }

  #unused(now: number): number {
    const sums = new Float64Array(FIELDS);
    this.#counters.sum(LONGEST, now, sums);
    const unused = sums.subarray(0, MAX_REASONS).indexOf(0);
    return unused < 0 ? OTHER : unused;
  }
}
