import type { LostRange, SensorAccount, SeqRange } from "./messages.js";
import { RangeSet } from "./range-set.js";

/**
 * The terms of the identity for one stream and boot. Always:
 * `lastSeq - countedFrom + 1 = stored + dropped + held + unknown`.
 */
export interface LedgerTerms {
  boot: number;
  /** The node has given an account of this boot: only then do the first three mean anything. */
  accounted: boolean;
  /** First sequence number that this consumer answers for. */
  countedFrom: number;
  /** From the node's newest account: times the sensor was read… */
  read: number;
  /** …those that its deadband kept back… */
  suppressed: number;
  /** …and the newest number that the account knows of: `read = suppressed + reportedSeq`. */
  reportedSeq: number;
  /** Newest number known: of the account or of a reading that came. 0 when there was none. */
  lastSeq: number;
  stored: number;
  /** Came more than once: how often they were turned away. */
  duplicates: number;
  /** Came after a newer one without being marked as backfill. */
  outOfOrder: number;
  dropped: number;
  /** `dropped` by cause; `overflow` are those that this ledger gave up to stay within its bound. */
  droppedBy: Record<string, number>;
  held: number;
  unknown: number;
}

/** Numbers that are counted and have not come, and why that is. */
export interface MissingPiece {
  from: number;
  to: number;
  state: "dropped" | "held" | "unknown";
  /** Of `dropped`. */
  cause?: string;
}

/** What has not come of one boot, as far as the ledger still keeps it apart. */
export interface BootMissing {
  boot: number;
  /** First sequence number that this consumer answers for. */
  countedFrom: number;
  /** Numbers below it are only counted. */
  apartFrom: number;
  /** The newest number known. */
  lastSeq: number;
  /** Ascending, none touching another of the same state and cause. */
  pieces: MissingPiece[];
}

export interface BootLedgerJson {
  boot: number;
  joined: number | null;
  base: number | null;
  read: number;
  suppressed: number;
  reportedSeq: number;
  maxReported: number;
  accounted: boolean;
  duplicates: number;
  outOfOrder: number;
  received: SeqRange[];
  lost: LostRange[];
  held: SeqRange[];
  settled: { to: number; stored: number; lost: Record<string, number> };
}

/** The cause under which a ledger counts what it could no longer keep apart. */
const OVERFLOW = "overflow";
/** Causes are words of the node: more different ones than this are counted as `other`. */
const MAX_CAUSES = 16;

/** One boot of one stream. See {@link StreamLedger}, which is its face. */
export class BootLedger {
  readonly boot: number;
  readonly #maxRanges: number;
  /** Where counting begins, once that is certain. */
  #joined: number | undefined;
  /** Least live number before it is certain. */
  #base: number | undefined;
  #received = new RangeSet();
  #lost = new Map<string, RangeSet>();
  #allLost = new RangeSet();
  #held = new RangeSet();
  #read = 0;
  #suppressed = 0;
  #reportedSeq = 0;
  #maxReported = 0;
  #accounted = false;
  #duplicates = 0;
  #outOfOrder = 0;
  /** Everything up to `to` is only counted, no longer kept apart. */
  #settled = { to: 0, stored: 0, lost: new Map<string, number>() };

  constructor(boot: number, maxRanges: number, fromStart: boolean) {
    this.boot = boot;
    this.#maxRanges = maxRanges;
    if (fromStart) this.#joined = 1;
  }

  /** A consumer counts this boot: something live, or an account, was seen of it. */
  get joined(): boolean {
    return this.#joined !== undefined || this.#base !== undefined;
  }

  get accounted(): boolean {
    return this.#accounted;
  }

  receive(seq: number, backfill: boolean): { outcome: "new" | "duplicate"; outOfOrder: boolean } {
    if (seq <= this.#settled.to || this.#received.has(seq)) {
      this.#duplicates++;
      return { outcome: "duplicate", outOfOrder: false };
    }
    const outOfOrder = !backfill && seq < (this.#received.max ?? 0);
    if (outOfOrder) this.#outOfOrder++;
    this.#received.add(seq);
    if (!backfill && this.#joined === undefined) this.#base = Math.min(this.#base ?? seq, seq);
    this.#bound();
    return { outcome: "new", outOfOrder };
  }

  account(account: SensorAccount): void {
    if (this.#joined === undefined) {
      const firstHeld = account.held[0]?.[0] ?? Number.POSITIVE_INFINITY;
      const firstLive = this.#base ?? Number.POSITIVE_INFINITY;
      this.#joined = Math.max(1, Math.min(account.lastSeq + 1, firstHeld, firstLive));
    }
    this.#accounted = true;
    this.#read = account.read;
    this.#suppressed = account.suppressed;
    this.#reportedSeq = account.lastSeq;
    // A node that was killed may know less of the boot than its last stats told: those numbers were given.
    this.#maxReported = Math.max(this.#maxReported, account.lastSeq);
    this.#held = new RangeSet();
    this.hold(account.held);
    this.lose(account.dropped);
  }

  joinAtStart(): void {
    if (this.#settled.to === 0) this.#joined = 1;
  }

  lose(ranges: readonly LostRange[]): void {
    const { lastSeq } = this.#span(); // what was never given cannot be lost
    for (const [from, to, cause] of ranges) {
      this.#lose(Math.max(from, this.#settled.to + 1), Math.min(to, lastSeq), cause);
    }
    this.#bound();
  }

  hold(ranges: readonly SeqRange[]): void {
    const { lastSeq } = this.#span();
    for (const [from, to] of ranges) {
      this.#held.add(Math.max(from, this.#settled.to + 1), Math.min(to, lastSeq));
    }
    this.#bound();
  }

  release(): void {
    this.#held = new RangeSet();
  }

  gaps(): SeqRange[] {
    const { countedFrom, lastSeq } = this.#span();
    const gaps: SeqRange[] = [];
    for (const [a, b] of this.#received.missing(Math.max(countedFrom, this.#settled.to + 1), lastSeq)) {
      for (const [c, d] of this.#allLost.missing(a, b)) gaps.push(...this.#held.missing(c, d));
    }
    return gaps;
  }

  missing(): BootMissing {
    const { countedFrom, lastSeq } = this.#span();
    const apartFrom = Math.max(countedFrom, this.#settled.to + 1);
    const pieces: MissingPiece[] = [];
    for (const [a, b] of this.#received.missing(apartFrom, lastSeq)) {
      for (const [cause, set] of this.#lost) {
        for (const [from, to] of set.clip(a, b).ranges()) pieces.push({ from, to, state: "dropped", cause });
      }
      for (const [c, d] of this.#allLost.missing(a, b)) {
        for (const [from, to] of this.#held.clip(c, d).ranges()) pieces.push({ from, to, state: "held" });
        for (const [from, to] of this.#held.missing(c, d)) pieces.push({ from, to, state: "unknown" });
      }
    }
    pieces.sort((a, b) => a.from - b.from);
    return { boot: this.boot, countedFrom, apartFrom, lastSeq, pieces };
  }

  terms(): LedgerTerms {
    const { countedFrom, lastSeq } = this.#span();
    const from = Math.max(countedFrom, this.#settled.to + 1);
    let held = 0;
    let unknown = 0;
    for (const [a, b] of this.#received.missing(from, lastSeq)) {
      for (const [c, d] of this.#allLost.missing(a, b)) {
        const heldHere = this.#held.countWithin(c, d);
        held += heldHere;
        unknown += d - c + 1 - heldHere;
      }
    }
    const lost = new Map(this.#settled.lost);
    for (const [cause, set] of this.#lost) {
      const count = set.subtract(this.#received).countWithin(from, lastSeq);
      if (count > 0) lost.set(cause, (lost.get(cause) ?? 0) + count);
    }
    return {
      boot: this.boot,
      accounted: this.#accounted,
      countedFrom,
      read: this.#read,
      suppressed: this.#suppressed,
      reportedSeq: this.#reportedSeq,
      lastSeq,
      stored: this.#settled.stored + this.#received.countWithin(from, lastSeq),
      duplicates: this.#duplicates,
      outOfOrder: this.#outOfOrder,
      dropped: [...lost.values()].reduce((sum, count) => sum + count, 0),
      droppedBy: Object.fromEntries(lost),
      held,
      unknown,
    };
  }

  toJSON(): BootLedgerJson {
    return {
      boot: this.boot,
      joined: this.#joined ?? null,
      base: this.#base ?? null,
      read: this.#read,
      suppressed: this.#suppressed,
      reportedSeq: this.#reportedSeq,
      maxReported: this.#maxReported,
      accounted: this.#accounted,
      duplicates: this.#duplicates,
      outOfOrder: this.#outOfOrder,
      received: this.#received.ranges(),
      lost: [...this.#lost].flatMap(([cause, set]) =>
        set.ranges().map(([from, to]): LostRange => [from, to, cause]),
      ),
      held: this.#held.ranges(),
      settled: {
        to: this.#settled.to,
        stored: this.#settled.stored,
        lost: Object.fromEntries(this.#settled.lost),
      },
    };
  }

  static fromJSON(json: BootLedgerJson, maxRanges: number): BootLedger {
    const ledger = new BootLedger(json.boot, maxRanges, false);
    ledger.#joined = json.joined ?? undefined;
    ledger.#base = json.base ?? undefined;
    ledger.#read = json.read;
    ledger.#suppressed = json.suppressed;
    ledger.#reportedSeq = json.reportedSeq;
    ledger.#maxReported = json.maxReported;
    ledger.#accounted = json.accounted;
    ledger.#duplicates = json.duplicates;
    ledger.#outOfOrder = json.outOfOrder;
    ledger.#settled = { ...json.settled, lost: new Map(Object.entries(json.settled.lost)) };
    ledger.#received = RangeSet.of(json.received);
    ledger.#held = RangeSet.of(json.held);
    ledger.lose(json.lost);
    return ledger;
  }

  /** From the first number that is answered for to the newest that is known. */
  #span(): { countedFrom: number; lastSeq: number } {
    const lastSeq = Math.max(this.#maxReported, this.#received.max ?? 0, this.#settled.to);
    // Only backfill came so far, which may belong to another consumer: nothing is counted yet.
    const countedFrom = this.#joined ?? this.#base ?? lastSeq + 1;
    return { countedFrom: Math.min(countedFrom, lastSeq + 1), lastSeq };
  }

  #lose(from: number, to: number, cause: string): void {
    if (from > to) return;
    let word = cause;
    if (!this.#lost.has(word) && this.#lost.size >= MAX_CAUSES) word = "other";
    const set = this.#lost.get(word) ?? new RangeSet();
    this.#lost.set(word, set);
    // A number is lost once, for the cause that was told first.
    for (const [a, b] of this.#allLost.missing(from, to)) set.add(a, b);
    this.#allLost.add(from, to);
  }

  /**
   * Keeps memory bounded: settles the oldest half. What was still open there is counted as dropped by
   * `overflow`; what comes of it later is taken as a duplicate.
   */
  #bound(): void {
    if (this.#received.size + this.#allLost.size + this.#held.size <= this.#maxRanges) return;
    const ranges = [...this.#received.ranges(), ...this.#allLost.ranges(), ...this.#held.ranges()];
    const ends = ranges.map(([, end]) => end).sort((a, b) => a - b);
    const { lastSeq } = this.#span();
    const to = Math.min(ends[ends.length >>> 1] ?? 0, lastSeq);
    if (to <= this.#settled.to) return;
    this.#settle(to, lastSeq);
  }

  #settle(to: number, lastSeq: number): void {
    const { countedFrom } = this.#span();
    const from = Math.max(countedFrom, this.#settled.to + 1);
    this.#lose(from, to, OVERFLOW); // only what is neither received nor lost counts: received has priority
    for (const [cause, set] of this.#lost) {
      const count = set.subtract(this.#received).countWithin(from, to);
      if (count > 0) this.#settled.lost.set(cause, (this.#settled.lost.get(cause) ?? 0) + count);
      this.#lost.set(cause, set.clip(to + 1, Number.MAX_SAFE_INTEGER));
    }
    this.#settled.stored += this.#received.countWithin(from, to);
    this.#settled.to = to;
    if (this.#joined === undefined) this.#joined = Math.min(countedFrom, lastSeq + 1);
    this.#received = this.#received.clip(to + 1, Number.MAX_SAFE_INTEGER);
    this.#allLost = this.#allLost.clip(to + 1, Number.MAX_SAFE_INTEGER);
    this.#held = this.#held.clip(to + 1, Number.MAX_SAFE_INTEGER);
  }
}
