import { type BootMissing, RangeSet } from "@fieldmesh/protocol";
import type { Entry } from "./entry.js";
import { GrownEntries } from "./grown-entries.js";
import { MissingEntries, type Vanished } from "./missing-entries.js";
import { Tally, type TallyJson } from "./tally.js";
import { TimeLine } from "./time-line.js";

/** What is known around a stream when something of it changes. */
export interface Surroundings {
  /** By the historian's clock, as every time here, ms. */
  now: number;
  /** Declared by the birth. */
  intervalMs: number;
  /** When the node connected to its broker last. */
  connectedAt: number | undefined;
  /** When the historian heard nothing, if that was so at a time. */
  absentAt: (at: number) => { from: number; to: number | null } | undefined;
}

export interface BootBookJson {
  boot: number;
  late?: TallyJson;
  recovered?: TallyJson;
  /** Came, and were given up by the historian. */
  gaveUp?: TallyJson;
}

/** Why a reading came otherwise than on time. */
interface Came {
  explanation: "late" | "recovered";
  cause: string;
}

const LATE: Came = { explanation: "late", cause: "broker-unreachable" };

/** A gap that nobody asked for closes by itself within this; after it, somebody asked. */
const GRACE_MS = 2_000;

/** The losses of one stream in one boot of its node. What is missing it does not judge: the ledger says that. */
export class BootBook {
  readonly boot: number;
  /** The newest number that came in order, and when it was read, ms. */
  newest = 0;
  newestAt: number | undefined;
  /** When anything of this boot was last read, ms. */
  lastAt: number | undefined;
  readonly missing: MissingEntries;
  readonly grown: GrownEntries;
  // Of most streams nothing is ever late: a tally is made for the first one.
  #late: Tally | undefined;
  #recovered: Tally | undefined;
  #gaveUp: Tally | undefined;
  #asked: RangeSet | undefined;
  readonly #times = new TimeLine();
  /** Restored, and not yet held against the ledger. */
  #unsure = false;
  #view: BootMissing | undefined;
  /** The tallies have changed since they were kept. */
  changed = false;

  constructor(boot: number, removed: (entry: Entry) => void) {
    this.boot = boot;
    this.missing = new MissingEntries({ boot, removed });
    this.grown = new GrownEntries(boot, removed);
  }

  /** Whether this is the next number of an undisturbed stream, of which nothing needs to be written down. */
  follows(seq: number): boolean {
    return seq === this.newest + 1 && seq > this.missing.max;
  }

  /** The historian goes on after a restart: up to here it knew, then. */
  resume(lastSeq: number, at: number): void {
    this.newest = lastSeq;
    this.newestAt = at;
  }

  /** A reading came for the first time; the ledger has it already, and has to be looked at soon. */
  arrived(
    { seq, at, backfill }: { seq: number; at: number; backfill: boolean },
    view: () => BootMissing | undefined,
    around: Surroundings,
  ): void {
    this.lastAt = Math.max(this.lastAt ?? at, at);
    const was = this.missing.take(seq, around.now);
    const jumps = seq > this.newest + 1;
    if (seq > this.newest) {
      if (jumps && this.newestAt !== undefined) this.#times.add(this.newest, this.newestAt);
      this.newest = seq;
      this.newestAt = at;
      if (jumps) this.#times.add(seq, at);
    }
    if (!backfill) return;
    if (this.#view === undefined || seq > this.#view.lastSeq) this.#view = view();
    // What was before this consumer joined is not in its account.
    if (this.#view !== undefined && seq >= this.#view.countedFrom) {
      const why = this.#explain(seq, at, was, around);
      this.#count(why.explanation, seq, seq);
      this.grown.add({ from: seq, to: seq, fromAt: at, toAt: at, ...why, cameAt: around.now }, around.now);
    }
    this.#asked?.remove(seq);
  }

  /** The consumer asked the node for these. */
  asked(from: number, to: number): void {
    this.#asked ??= new RangeSet();
    this.#asked.add(from, to);
  }

  /** The node's account reached up to this number at that time. */
  reported(lastSeq: number, at: number): void {
    if (lastSeq > this.newest) this.#times.add(lastSeq, at);
  }

  /** Makes the entries agree with the ledger; answers those that are final now. */
  sync(view: BootMissing, around: Surroundings): Entry[] {
    this.#view = view;
    if (this.#unsure) this.#believe(view, around.now);
    const timeOf = (seq: number) => this.#timeOf(seq, around);
    const { vanished, settled } = this.missing.sync(view, timeOf, around.now);
    for (const one of vanished) this.#cameUnseen(one, around);
    if (view.pieces.every(({ state }) => state !== "unknown")) this.#asked = undefined;
    return settled;
  }

  /** The historian could not keep these, though they came. */
  gaveUp(ranges: readonly (readonly [number, number])[], cause: string, around: Surroundings): void {
    for (const [from, to] of ranges) {
      this.#late?.remove(from, to);
      this.#recovered?.remove(from, to);
      this.grown.remove(from, to, around.now);
      this.#gaveUp ??= new Tally();
      this.#gaveUp.add(from, to);
      const [fromAt, toAt] = [this.#timeOf(from, around), this.#timeOf(to, around)];
      this.grown.add({ from, to, fromAt, toAt, explanation: "dropped", cause, own: true }, around.now);
    }
    this.changed = true;
  }

  get counts(): { late: number; recovered: number; gaveUp: number } {
    const [late, recovered, gaveUp] = [this.#late, this.#recovered, this.#gaveUp];
    return { late: late?.count ?? 0, recovered: recovered?.count ?? 0, gaveUp: gaveUp?.count ?? 0 };
  }

  toJSON(): BootBookJson {
    return {
      boot: this.boot,
      ...(this.#late === undefined ? {} : { late: this.#late.toJSON() }),
      ...(this.#recovered === undefined ? {} : { recovered: this.#recovered.toJSON() }),
      ...(this.#gaveUp === undefined ? {} : { gaveUp: this.#gaveUp.toJSON() }),
    };
  }

  restore({ late, recovered, gaveUp }: BootBookJson): void {
    this.#unsure = true;
    if (late !== undefined) this.#late = Tally.fromJSON(late);
    if (recovered !== undefined) this.#recovered = Tally.fromJSON(recovered);
    if (gaveUp !== undefined) this.#gaveUp = Tally.fromJSON(gaveUp);
  }

  /** What was kept may be of a later moment than the ledger: what that misses comes again. */
  #believe({ pieces, lastSeq }: BootMissing, now: number): void {
    this.#unsure = false;
    const unheardOf = { from: lastSeq + 1, to: Number.MAX_SAFE_INTEGER };
    for (const { from, to } of [...pieces, unheardOf]) {
      this.#late?.remove(from, to);
      this.#recovered?.remove(from, to);
      this.#gaveUp?.remove(from, to);
      this.grown.remove(from, to, now);
    }
  }

  #explain(seq: number, at: number, was: Entry | undefined, around: Surroundings): Came {
    // It was read before the node came back to its broker: the node sends that by itself.
    const cutOff = around.connectedAt !== undefined && at <= around.connectedAt;
    if (was?.explanation === "held") return LATE;
    const asked = this.#asked?.has(seq) === true || was?.explanation === "dropped";
    if (asked) return recovered(at, around);
    if (cutOff) return LATE;
    // Another consumer asked for it, and so it came to all.
    if (was !== undefined && around.now - was.begunAt >= GRACE_MS) return recovered(at, around);
    return { ...LATE, cause: "broker-slow" };
  }

  /** The ledger has them, though they were not seen to come: stored shortly before the historian was killed. */
  #cameUnseen({ from, to, was, fromAt, toAt }: Vanished, around: Surroundings): void {
    const why = was === "held" ? LATE : recovered(fromAt, around);
    this.#count(why.explanation, from, to);
    this.grown.add({ from, to, fromAt, toAt, ...why, cameAt: around.now }, around.now);
  }

  #count(explanation: Came["explanation"], from: number, to: number): void {
    let tally = explanation === "late" ? this.#late : this.#recovered;
    tally ??= new Tally();
    tally.add(from, to);
    if (explanation === "late") this.#late = tally;
    else this.#recovered = tally;
    this.changed = true;
  }

  #timeOf(seq: number, { intervalMs, now }: Surroundings): number {
    const newest = this.newestAt === undefined ? undefined : { seq: this.newest, at: this.newestAt };
    return this.#times.at(seq, newest, intervalMs, now);
  }
}

/**
 * What was asked for was missed by the historian when it was away at that time. But when the node, too, lost the broker
 * and found it again in that time, it held what was read before, and sent that by itself: it is late because of the
 * broker, though it had to be asked for again where the node was back before the historian.
 */
function recovered(at: number, { absentAt, connectedAt }: Surroundings): Came {
  const absence = absentAt(at);
  if (absence === undefined) return { explanation: "recovered", cause: "lost-at-broker" };
  const bothLost =
    connectedAt !== undefined &&
    at <= connectedAt &&
    connectedAt >= absence.from &&
    connectedAt <= (absence.to ?? Number.POSITIVE_INFINITY);
  return bothLost ? LATE : { explanation: "recovered", cause: "historian-away" };
}
