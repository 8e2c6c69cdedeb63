import type { BootMissing, HistoryGaps, LedgerTerms } from "@fieldmesh/protocol";
import { BootBook, type BootBookJson, type Surroundings } from "./boot-book.js";
import { type Entry, newEntry, touch } from "./entry.js";

/** A stream's tallies, as they are kept. */
export interface StreamBookJson {
  stream: string;
  boots: BootBookJson[];
  /** The longest entry that the stream ever had, ms: how far back a search by time begins. */
  longestMs: number;
}

/** How a boot of the node ended, as far as it is known. */
export interface Ending {
  /** The last that is known of it, ms. */
  at: number;
  /** It said goodbye. */
  graceful: boolean;
}

/** The losses of one stream, over the boots of its node. */
export class StreamBook {
  readonly name: string;
  /** By boot, newest last. */
  readonly #boots = new Map<number, BootBook>();
  /** Final ones that are not yet in the store. */
  #final: Entry[] = [];
  /** To be deleted in the store, where they are there. */
  readonly gone = new Map<string, Entry>();
  /** The node is away, or was between the last two boots. */
  #down: { entry: Entry; before: number } | undefined;
  newestBoot = 0;
  #longestMs = 0;
  #changed = false;

  constructor(name: string) {
    this.name = name;
  }

  /** The book of a boot, if there is one: the way of every reading. */
  find(boot: number): BootBook | undefined {
    return this.#boots.get(boot);
  }

  boot(boot: number): BootBook {
    const known = this.#boots.get(boot);
    if (known !== undefined) return known;
    const begun = new BootBook(boot, (entry) => this.#remove(entry));
    this.#boots.set(boot, begun);
    this.newestBoot = Math.max(this.newestBoot, boot);
    return begun;
  }

  /** Makes every entry agree with the ledger. */
  sync(views: readonly BootMissing[], around: Surroundings): void {
    const seen = new Set<number>();
    const ledgerNewest = views.at(-1)?.boot ?? 0;
    for (const view of views) {
      seen.add(view.boot);
      // Of a boot without a gap nothing is kept.
      const book = view.pieces.length > 0 ? this.boot(view.boot) : this.#boots.get(view.boot);
      if (book !== undefined) this.#final.push(...book.sync(view, around));
    }
    for (const [boot, book] of this.#boots) {
      // One that the ledger has not heard of yet will come; an older one it has folded.
      if (seen.has(boot) || boot >= Math.min(this.newestBoot, ledgerNewest)) continue;
      this.#final.push(...book.missing.finish(around.now), ...book.grown.finish(around.now, true));
      this.#boots.delete(boot);
      this.#changed = true;
    }
  }

  /** The node is not there: nobody can tell yet whether it is down or only cut off. */
  away({ at, graceful }: Ending, now: number): void {
    const before = this.newestBoot;
    if (before === 0 || (this.#down !== undefined && this.#down.entry.toAt === null)) return;
    const why = graceful
      ? { explanation: "node-down" as const, cause: "stopped" }
      : { explanation: "unknown" as const, cause: "node-unreachable" };
    const fromAt = Math.min(now, Math.max(at, this.#boots.get(before)?.lastAt ?? at));
    const entry = newEntry({ boot: before, ...why, fromAt, toAt: null, open: true }, now);
    this.#settleDown();
    this.#down = { entry, before };
  }

  /** The node is there again in the same boot: it was cut off, and what it holds tells of that. */
  back(): void {
    if (this.#down?.entry.toAt !== null) return;
    this.#remove(this.#down.entry);
    this.#down = undefined;
  }

  /**
   * The node runs in a new boot: between it and the one before nothing was read.
   * @param startAt when it began, or the first reading that is known of it, ms
   */
  rebooted(boot: number, startAt: number, ending: Ending, now: number): void {
    const before = this.#down?.entry.toAt === null ? this.#down.before : this.newestBoot;
    if (before === 0 || boot <= before) {
      this.#refineStart(boot, startAt, now);
      return;
    }
    const fromAt = Math.max(ending.at, this.#boots.get(before)?.lastAt ?? ending.at);
    const graceful = ending.graceful || this.#down?.entry.cause === "stopped";
    let down = this.#down?.entry.toAt === null ? this.#down.entry : undefined;
    if (down === undefined) {
      this.#settleDown();
      down = newEntry({ boot: before, explanation: "node-down", fromAt, toAt: null, open: true }, now);
    }
    down.explanation = "node-down";
    down.cause = graceful ? "stopped" : "killed";
    down.fromAt = Math.min(fromAt, startAt);
    down.toAt = startAt;
    down.open = false;
    touch(down, now);
    this.#down = { entry: down, before };
    this.newestBoot = boot;
  }

  /** A reading of a boot that is over came after all: the node was still there then. */
  readBefore(boot: number, at: number, now: number): void {
    const down = this.#down;
    if (down === undefined || down.before !== boot || at <= down.entry.fromAt) return;
    down.entry.fromAt = Math.min(at, down.entry.toAt ?? at);
    touch(down.entry, now);
  }

  /** The identity per boot, newest first, with what of the stored came otherwise than on time. */
  account(terms: readonly LedgerTerms[]): HistoryGaps["account"] {
    return terms
      .map(({ boot, countedFrom, read, suppressed, lastSeq, stored, dropped, held, unknown }) => {
        const { late, recovered, gaveUp } = this.#boots.get(boot)?.counts ?? {
          late: 0,
          recovered: 0,
          gaveUp: 0,
        };
        const numbers = { boot, countedFrom, read, suppressed, lastSeq };
        return {
          ...numbers,
          stored: stored - gaveUp,
          dropped: dropped + gaveUp,
          held,
          unknown,
          late,
          recovered,
        };
      })
      .reverse();
  }

  /** Entries in memory: those that may change, and final ones that are not yet written. */
  *entries(): Iterable<{ entry: Entry; live: boolean }> {
    for (const book of this.#boots.values()) {
      for (const entry of book.missing.all) yield { entry, live: true };
      for (const entry of book.grown.all) yield { entry, live: true };
    }
    if (this.#down !== undefined) yield { entry: this.#down.entry, live: true };
    for (const entry of this.#final) yield { entry, live: false };
  }

  restoreEntry(entry: Entry): void {
    if (entry.numbers.count === 0) {
      this.#down = { entry, before: entry.boot };
      return;
    }
    const book = this.boot(entry.boot);
    const came = entry.explanation === "late" || entry.explanation === "recovered";
    if (came || entry.own === true) book.grown.restore(entry);
    else book.missing.restore(entry);
  }

  /** Lets go of what is finished. */
  tidy(now: number): void {
    for (const [boot, book] of this.#boots) {
      this.#finalise(book.grown.finish(now, false), now);
      const { late, recovered, gaveUp } = book.counts;
      const idle = book.missing.all.length === 0 && book.grown.all.length === 0;
      if (idle && boot !== this.newestBoot && late + recovered + gaveUp === 0) this.#boots.delete(boot);
    }
    this.#final = this.#final.filter((entry) => entry.written < entry.revision);
  }

  /** The stream is removed: whatever is open stays as it is. */
  close(now: number): void {
    for (const book of this.#boots.values()) {
      this.#finalise([...book.missing.finish(now), ...book.grown.finish(now, true)], now);
    }
    this.#boots.clear();
    if (this.#down !== undefined) {
      this.#down.entry.open = false;
      this.#down.entry.toAt ??= now;
    }
    this.#settleDown(now);
  }

  get folded(): number {
    let folded = 0;
    for (const { missing, grown } of this.#boots.values()) folded += missing.folded + grown.folded;
    return folded;
  }

  /** The longest entry that the stream ever had, ms. */
  get longestMs(): number {
    return this.#longestMs;
  }

  noteLength(ms: number): void {
    if (ms <= this.#longestMs) return;
    this.#longestMs = ms;
    this.#changed = true;
  }

  /** What {@link save} gives is another than what is kept. */
  get changed(): boolean {
    return this.#changed || [...this.#boots.values()].some((book) => book.changed);
  }

  markChanged(): void {
    this.#changed = true;
  }

  /** What {@link restore} takes; clears the marks of change. */
  save(): StreamBookJson {
    const boots: BootBookJson[] = [];
    this.#changed = false;
    for (const book of this.#boots.values()) {
      book.changed = false;
      const { late, recovered, gaveUp } = book.counts;
      if (late + recovered + gaveUp > 0) boots.push(book.toJSON());
    }
    return { stream: this.name, boots, longestMs: this.#longestMs };
  }

  restore({ boots, longestMs }: StreamBookJson): void {
    this.#longestMs = longestMs;
    for (const boot of boots) this.boot(boot.boot).restore(boot);
  }

  /** A first guess was the first reading; the birth knows better. */
  #refineStart(boot: number, startAt: number, now: number): void {
    const down = this.#down;
    if (down === undefined || boot !== this.newestBoot || down.before >= boot) return;
    if (down.entry.toAt === null || startAt >= down.entry.toAt) return;
    down.entry.toAt = Math.max(startAt, down.entry.fromAt);
    touch(down.entry, now);
  }

  #settleDown(now?: number): void {
    if (this.#down === undefined) return;
    this.#finalise([this.#down.entry], now ?? this.#down.entry.touchedAt);
    this.#down = undefined;
  }

  /** Once more to be written: no longer as one that is read back at a start. */
  #finalise(entries: readonly Entry[], now: number): void {
    for (const entry of entries) {
      touch(entry, now);
      this.#final.push(entry);
    }
  }

  #remove(entry: Entry): void {
    this.gone.set(entry.id, entry);
  }
}
