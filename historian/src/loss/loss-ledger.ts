import { type HistoryGaps, type LossEntry, RangeSet, type SeqRange } from "@fieldmesh/protocol";
import {
  type ArrivedReading,
  type ConsumerNode,
  clockCorrectionMs,
  type Log,
  type NodeChange,
  type StreamConsumer,
} from "@fieldmesh/runtime";
import type { Collection } from "@fieldmesh/storage";
import type { Surroundings } from "./boot-book.js";
import { entryOf } from "./entry.js";
import { KnownWorld } from "./known-world.js";
import { type LossLedgerDocument, type LossQuery, LossStore } from "./loss-store.js";
import { correctionOf } from "./node-signs.js";
import { StreamBook } from "./stream-book.js";

export interface LossLedgerOptions {
  collection: Collection<LossLedgerDocument>;
  /** Its ledgers say what is missing; asked for at each use, as it is made after this. */
  consumer: () => Pick<StreamConsumer, "stream" | "nodes" | "node">;
  /** Since the Unix epoch, ms. */
  clock: () => number;
  log: Log;
}

/** How often finished entries are let go of. */
const TIDY_MS = 30_000;
/** Streams written side by side. */
const AT_ONCE = 16;

/** Explains every gap of every stream. See {@link createLossLedger}. */
export class LossLedger {
  readonly #options: LossLedgerOptions;
  readonly #store: LossStore;
  readonly #streams = new Map<string, StreamBook>();
  readonly #removed = new Set<StreamBook>();
  readonly #world: KnownWorld;
  readonly #stale = new Set<StreamBook>();
  /** When anything was last heard, ms: a broken connection is noticed later than it breaks. */
  #heardAt: number;
  readonly #startedAt: number;
  #tidiedAt = 0;
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: LossLedgerOptions) {
    this.#options = options;
    this.#store = new LossStore(options.collection);
    this.#world = new KnownWorld(options.consumer);
    this.#startedAt = options.clock();
    this.#heardAt = this.#startedAt;
  }

  /** Reads back what is open. The consumer has its own state already; nothing has arrived yet. */
  async restore(): Promise<void> {
    for await (const kept of this.#store.books()) this.#book(kept.stream).restore(kept);
    for await (const { id, version, document } of this.#store.live()) {
      const { stream, boot } = document;
      const view = this.#world
        .ledger(stream)
        ?.missing()
        .find((candidate) => candidate.boot === boot);
      const missing = RangeSet.of(view?.pieces.map(({ from, to }) => [from, to]) ?? []);
      this.#book(stream).restoreEntry(entryOf(id, version, document, missing));
    }
    for (const node of this.#world.nodes) this.#resume(node);
  }

  /** The historian itself was not there: from its last checkpoint to its start, ms. */
  awayBetween(from: number, to: number): void {
    this.#world.absences.add(from, to);
    for (const node of this.#world.nodes) {
      for (const { name } of node.streams.values()) {
        const book = this.#streams.get(name);
        const newest = book?.find(book.newestBoot);
        if (newest?.newestAt !== undefined) newest.newestAt = Math.min(newest.newestAt, from);
      }
    }
  }

  /** A broker's link came or went. */
  link(connected: boolean, at: number, index = 0): void {
    if (connected) this.#world.absences.ended(index, at, this.#startedAt);
    else this.#world.absences.began(index, Math.min(at, this.#heardAt));
  }

  /** A reading came for the first time; the consumer's ledger has it. */
  arrived({ name, stream, reading, accounted, arrivedAt, clockOffsetMs }: ArrivedReading): void {
    this.#heardAt = arrivedAt;
    if (!accounted) return;
    const { boot, seq } = reading;
    const book = this.#streams.get(name) ?? this.#book(name);
    // Nothing was read later than it came, whatever a clock says that was set and not yet measured.
    const at = Math.min(reading.timestamp - clockCorrectionMs(clockOffsetMs), arrivedAt);
    const known = book.find(boot);
    if (known !== undefined && boot === book.newestBoot && known.follows(seq) && reading.backfill !== true) {
      known.newest = seq;
      known.newestAt = at;
      known.lastAt = at;
      return;
    }
    const node = this.#world.node(stream);
    const around = this.#world.around(node, stream.sensor, arrivedAt);
    if (boot > book.newestBoot) this.#rebooted(book, node, boot, at, arrivedAt);
    else if (boot < book.newestBoot) book.readBefore(boot, at, arrivedAt);
    const backfill = reading.backfill === true;
    const view = () =>
      this.#world
        .ledger(name)
        ?.missing()
        .find((candidate) => candidate.boot === boot);
    (known ?? book.boot(boot)).arrived({ seq, at, backfill }, view, around);
    this.#stale.add(book);
  }

  /** The consumer asks the node for these. */
  asked(stream: string, boot: number, from: number, to: number): void {
    this.#book(stream).boot(boot).asked(from, to);
  }

  /** The consumer's ledger of a stream took something from a reply. */
  answered(stream: string): void {
    this.#stale.add(this.#book(stream));
  }

  /** What came, and the historian could not keep. */
  dropped(stream: string, boot: number, ranges: readonly SeqRange[], cause: string): void {
    const book = this.#book(stream);
    book.boot(boot).gaveUp(ranges, cause, this.#world.aroundStream(stream, this.#options.clock()));
  }

  node(node: ConsumerNode, change: NodeChange): void {
    const now = this.#options.clock();
    this.#heardAt = now;
    if (change === "removed") {
      for (const { name } of node.streams.values()) this.#forget(name, now);
      this.#world.signs.forget(node);
      return;
    }
    if (change === "status") this.#onStatus(node, now);
    else if (change === "presence") this.#onPresence(node, now);
    else if (change === "birth") this.#onBirth(node, now);
    else if (change === "stats") this.#onStats(node, now);
  }

  /** Looks at what changed; to be called each second. */
  tick(now: number): void {
    for (const book of this.#stale) this.#sync(book, this.#world.aroundStream(book.name, now));
    this.#stale.clear();
    if (Math.abs(now - this.#tidiedAt) < TIDY_MS) return;
    this.#tidiedAt = now;
    for (const book of this.#streams.values()) book.tidy(now);
  }

  /** Newest first. @throws what the store throws */
  async entries(stream: string, query: LossQuery): Promise<{ entries: LossEntry[]; next?: string }> {
    const book = this.#streams.get(stream);
    if (book !== undefined) {
      this.#sync(book, this.#world.aroundStream(stream, this.#options.clock()));
      await this.flush(stream);
    }
    return await this.#store.find(stream, book?.longestMs ?? Number.MAX_SAFE_INTEGER, query);
  }

  /** The identity per boot, newest first. */
  account(stream: string): HistoryGaps["account"] {
    const ledger = this.#world.ledger(stream);
    if (ledger === undefined) return [];
    const book = this.#streams.get(stream) ?? new StreamBook(stream);
    return book.account(ledger.terms());
  }

  /** Entries that went into a neighbour, because a stream had too many at once. */
  get folded(): number {
    let folded = 0;
    for (const book of this.#streams.values()) folded += book.folded;
    return folded;
  }

  /** Writes what changed, of one stream or of all. @throws what the store throws; nothing is lost then */
  async flush(stream?: string): Promise<void> {
    const flushing = this.#flushing.catch(() => undefined).then(() => this.#flush(stream));
    this.#flushing = flushing;
    await flushing;
  }

  /** Removes entries that ended before a time; answers how many. */
  async prune(before: number): Promise<number> {
    return await this.#store.prune(before);
  }

  async #flush(stream: string | undefined): Promise<void> {
    const one = stream === undefined ? undefined : this.#streams.get(stream);
    const books = stream === undefined ? [...this.#streams.values()] : one === undefined ? [] : [one];
    for (let i = 0; i < books.length; i += AT_ONCE) {
      await Promise.all(books.slice(i, i + AT_ONCE).map((book) => this.#store.write(book)));
    }
    for (const book of this.#removed) {
      await this.#store.write(book);
      if (!this.#streams.has(book.name)) await this.#store.forget(book.name);
      this.#removed.delete(book);
    }
  }

  #onStatus(node: ConsumerNode, now: number): void {
    const { status } = node;
    if (status === null) return;
    this.#world.signs.status(node, now);
    for (const { name, accounted } of node.streams.values()) {
      if (!accounted) continue;
      const book = this.#book(name);
      if (status.state === "offline") {
        book.away(this.#world.signs.ending(node, status.boot, now), now);
      } else if (status.boot === book.newestBoot) book.back();
    }
  }

  /** Nobody said that it went, and nothing comes of it. */
  #onPresence(node: ConsumerNode, now: number): void {
    const { presence, status } = node;
    for (const { name, accounted } of node.streams.values()) {
      const book = accounted ? this.#streams.get(name) : undefined;
      if (book === undefined) continue;
      if (presence.presence === "silent")
        book.away(this.#world.signs.ending(node, book.newestBoot, presence.since), now);
      else if (presence.presence === "online" && status?.boot === book.newestBoot) book.back();
    }
  }

  #onBirth(node: ConsumerNode, now: number): void {
    const { birth } = node;
    if (birth === null) return;
    for (const { name, accounted } of node.streams.values()) {
      const book = accounted ? this.#streams.get(name) : undefined;
      if (book !== undefined) this.#rebooted(book, node, birth.boot, now, now);
    }
  }

  /** Something of a boot was heard, the first of it perhaps: at `heardOf` it ran already. */
  #rebooted(
    book: StreamBook,
    node: ConsumerNode | undefined,
    boot: number,
    heardOf: number,
    now: number,
  ): void {
    if (node === undefined || book.newestBoot === 0 || boot < book.newestBoot) return;
    const { birth } = node;
    const startedAt = birth?.boot === boot ? birth.startedAt - correctionOf(node) : heardOf;
    const startAt = Math.min(startedAt, heardOf);
    book.rebooted(boot, startAt, this.#world.signs.ending(node, book.newestBoot, startAt), now);
  }

  #onStats(node: ConsumerNode, now: number): void {
    const { stats } = node;
    if (stats === null) return;
    this.#world.signs.stats(node);
    const at = Math.min(now, stats.timestamp - correctionOf(node));
    for (const [sensor, known] of node.streams) {
      if (!known.accounted) continue;
      const account = stats.sensors[sensor];
      const book = this.#streams.get(known.name);
      if (book !== undefined) this.#rebooted(book, node, stats.boot, at, now);
      const boot = book?.find(stats.boot);
      if (account !== undefined) boot?.reported(account.lastSeq, at);
      const views = known.ledger.missing();
      // Of a stream without a gap there is nothing to write down.
      if (book === undefined && views.every(({ pieces }) => pieces.length === 0)) continue;
      (book ?? this.#book(known.name)).sync(views, this.#world.around(node, sensor, now));
    }
  }

  /** After a restart: where each stream stood, as well as it is known. */
  #resume(node: ConsumerNode): void {
    this.#world.signs.resume(node);
    for (const { name, accounted, ledger } of node.streams.values()) {
      const newest = ledger.terms().at(-1);
      if (!accounted || newest === undefined) continue;
      const boot = this.#book(name).boot(newest.boot);
      const at = this.#world.signs.lastSign(node, newest.boot);
      if (at !== undefined) boot.resume(newest.lastSeq, at);
    }
  }

  #forget(name: string, now: number): void {
    const book = this.#streams.get(name);
    if (book === undefined) return;
    book.close(now);
    this.#streams.delete(name);
    this.#stale.delete(book);
    this.#removed.add(book);
  }

  #sync(book: StreamBook, around: Surroundings): void {
    const ledger = this.#world.ledger(book.name);
    if (ledger !== undefined) book.sync(ledger.missing(), around);
  }

  #book(name: string): StreamBook {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const begun = new StreamBook(name);
    this.#streams.set(name, begun);
    return begun;
  }
}

/** Creates the ledger of losses. It holds nothing open; `flush()` makes durable what it knows. */
export function createLossLedger(options: LossLedgerOptions): LossLedger {
  return new LossLedger(options);
}
