import { BootLedger, type BootLedgerJson, type BootMissing, type LedgerTerms } from "./ledger-boot.js";
import type { LostRange, SensorAccount } from "./messages.js";

export interface LedgerOptions {
  /** Boots kept apart; the oldest beyond them is folded into {@link StreamLedger.folded}. Default 32. */
  maxBoots?: number;
  /** Ranges kept for each boot (received, lost and held together). Default 1,024: some 32 KiB. */
  maxRanges?: number;
}

export interface Receipt {
  /** A duplicate has been taken before and must not be stored, drawn or counted again. */
  outcome: "new" | "duplicate";
  /** A newer one came before it, though it was not marked as backfill. */
  outOfOrder: boolean;
}

/** Boots that fell out of the ledger's bound: only sums are left of them. */
export interface FoldedBoots {
  boots: number;
  /** Newest boot among them: readings of it or of older ones can no longer be told apart. */
  newest: number;
  stored: number;
  dropped: number;
  /** Neither stored nor accounted for when they were folded. */
  unknown: number;
  /** Readings that came for a folded boot, taken as duplicates. */
  late: number;
}

export interface StreamLedgerJson {
  v: 1;
  boots: BootLedgerJson[];
  folded: FoldedBoots;
}

const NOTHING_FOLDED: FoldedBoots = { boots: 0, newest: 0, stored: 0, dropped: 0, unknown: 0, late: 0 };

/**
 * What became of every reading of one stream, as one consumer sees it: a pure state machine.
 *
 * Every sequence number from `countedFrom` to `lastSeq` is in exactly one of four places, in this priority:
 * *stored* (it came), *dropped* (the node says that it is gone, or the ledger gave it up), *held* (the node has
 * it and will send it), *unknown* (a gap to ask for). So the terms add up by construction, whatever the order
 * in which readings and stats arrive and however often.
 *
 * Who joins later counts from the first stats that it sees. A boot that begins while the ledger already counts
 * an older one is counted from 1; so is one for which {@link joinAtStart} was called.
 *
 * Readings without accounting (boot 0) do not belong in here.
 */
export class StreamLedger {
  /** In ascending order of boot. */
  #boots: BootLedger[] = [];
  #folded: FoldedBoots = { ...NOTHING_FOLDED };
  readonly #maxBoots: number;
  readonly #maxRanges: number;

  constructor({ maxBoots = 32, maxRanges = 1_024 }: LedgerOptions = {}) {
    this.#maxBoots = maxBoots;
    this.#maxRanges = maxRanges;
  }

  /**
   * Takes note of a reading that arrived.
   * @param backfill the reading is marked so: it may be older than when this consumer joined
   */
  receive(boot: number, seq: number, backfill = false): Receipt {
    const at = this.#at(boot);
    if (at === undefined) {
      this.#folded.late++;
      return { outcome: "duplicate", outOfOrder: false };
    }
    return at.receive(seq, backfill);
  }

  /**
   * Takes the node's account of one boot, from its stats. Of one stats message give the present boot first,
   * then the previous ones. May be repeated and may come before or after the readings that it counts.
   */
  account(boot: number, account: SensorAccount): void {
    if (boot < (this.#boots[0]?.boot ?? 0) && account.held.length === 0) return; // ended before we joined
    this.#at(boot)?.account(account);
  }

  /** This consumer listened before the boot began: it counts from sequence number 1. */
  joinAtStart(boot: number): void {
    this.#at(boot)?.joinAtStart();
  }

  /** The node answered a `resend`: these are gone for good, by cause. */
  gone(boot: number, ranges: readonly LostRange[]): void {
    this.#find(boot)?.lose(ranges);
  }

  /** The node answered a `resend`: these it still holds back. */
  held(boot: number, ranges: readonly (readonly [number, number])[]): void {
    this.#find(boot)?.hold(ranges);
  }

  /** The node's stats speak of no boot older than its own but these: of the others nothing is held any more. */
  releaseExcept(boots: ReadonlySet<number>): void {
    for (const boot of this.#boots) if (!boots.has(boot.boot)) boot.release();
  }

  /** What to ask the node for: neither come, nor gone, nor held. Oldest first, at most `limit` ranges. */
  gaps(limit = 64): { boot: number; from: number; to: number }[] {
    const gaps: { boot: number; from: number; to: number }[] = [];
    for (const boot of this.#boots) {
      for (const [from, to] of boot.gaps()) {
        if (gaps.length >= limit) return gaps;
        gaps.push({ boot: boot.boot, from, to });
      }
    }
    return gaps;
  }

  /** What has not come of each boot, oldest first: the numbers behind `dropped`, `held` and `unknown` of its terms. */
  missing(): BootMissing[] {
    return this.#boots.map((boot) => boot.missing());
  }

  /** The terms of each boot, oldest first. */
  terms(): LedgerTerms[] {
    return this.#boots.map((boot) => boot.terms());
  }

  /** The newest boot that the ledger knows of. */
  get newestBoot(): number | undefined {
    return this.#boots.at(-1)?.boot;
  }

  get folded(): Readonly<FoldedBoots> {
    return this.#folded;
  }

  toJSON(): StreamLedgerJson {
    return { v: 1, boots: this.#boots.map((boot) => boot.toJSON()), folded: { ...this.#folded } };
  }

  /** @throws TypeError when `json` is not what {@link toJSON} of this version wrote */
  static fromJSON(json: StreamLedgerJson, options: LedgerOptions = {}): StreamLedger {
    if (json.v !== 1 || !Array.isArray(json.boots)) {
      throw new TypeError(`ledger of version ${String(json.v)}: expected version 1`);
    }
    const ledger = new StreamLedger(options);
    ledger.#boots = json.boots.map((boot) => BootLedger.fromJSON(boot, ledger.#maxRanges));
    ledger.#folded = { ...NOTHING_FOLDED, ...json.folded };
    return ledger;
  }

  #find(boot: number): BootLedger | undefined {
    return this.#boots.findLast((candidate) => candidate.boot === boot);
  }

  /** The ledger of a boot, begun when there is none; `undefined` for one that was folded. */
  #at(boot: number): BootLedger | undefined {
    const found = this.#find(boot);
    if (found !== undefined) return found;
    if (boot <= this.#folded.newest) return undefined;
    const seenOlder = this.#boots.some((older) => older.boot < boot && older.joined);
    const begun = new BootLedger(boot, this.#maxRanges, seenOlder);
    this.#boots.push(begun);
    this.#boots.sort((a, b) => a.boot - b.boot);
    if (this.#boots.length > this.#maxBoots) this.#fold(begun);
    return this.#boots.includes(begun) ? begun : undefined;
  }

  /** Folds the oldest boot; one that no stats ever spoke of goes before those that are accounted for. */
  #fold(begun: BootLedger): void {
    const victim =
      this.#boots.find((boot) => !boot.accounted && boot !== begun) ??
      this.#boots.find((boot) => boot !== begun);
    if (victim === undefined) return;
    this.#boots = this.#boots.filter((boot) => boot !== victim);
    const terms = victim.terms();
    this.#folded.boots++;
    this.#folded.stored += terms.stored;
    this.#folded.dropped += terms.dropped;
    this.#folded.unknown += terms.unknown + terms.held;
    // A made-up boot from the future must not make the real ones unreadable.
    if (victim.boot < (this.#boots[0]?.boot ?? Number.POSITIVE_INFINITY)) {
      this.#folded.newest = Math.max(this.#folded.newest, victim.boot);
    }
  }
}
