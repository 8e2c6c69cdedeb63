import { type FileHandle, open, rm } from "node:fs/promises";
import { type AlarmEvent, RangeSet } from "@fieldmesh/protocol";
import type { Clock } from "../clock.js";
import {
  COMMIT,
  type Commit,
  EVENT,
  encodeReadingBody,
  eventItem,
  type Item,
  type ItemKind,
  type ItemName,
  type LoggedReading,
  READING,
  SNAPSHOT,
} from "./entry.js";
import { Pending } from "./pending.js";
import { encodeHeader, encodeRecord } from "./record.js";
import { type Recovered, type RecoveryReport, recover, segmentPath, TORN } from "./recovery.js";
import {
  compactSegment,
  planRetention,
  pruneBoots,
  type RetentionLimits,
  type RetentionPlan,
} from "./retention.js";
import { type HeldBatch, type HeldCursor, heldBatch, readRange } from "./scan.js";
import { encodeSeal, loadSegment, Segment } from "./segment.js";
import type { BootState, LogState, StreamState } from "./state.js";
import { Tail, type TailEntry } from "./tail.js";

export interface LogLimits extends RetentionLimits {
  /** Written at least this often, ms: what a kill of the node can lose. */
  writeEveryMs: number;
  /** Flushed to the medium at most this often, ms: what a loss of power can lose. */
  flushEveryMs: number;
  /** What may wait in memory while the disk refuses. Beyond it readings are dropped, cause "disk". */
  memoryBytes: number;
}

export const DEFAULT_LOG_LIMITS: LogLimits = {
  heldBytes: 256 * 1024 * 1024,
  heldMs: 7 * 24 * 3_600_000,
  replayBytes: 16 * 1024 * 1024,
  replayMs: 15 * 60_000,
  writeEveryMs: 500,
  flushEveryMs: 1_000,
  memoryBytes: 8 * 1024 * 1024,
};

/** What the node hears of its log. */
export interface LogObserver {
  /** Held items are gone for good. */
  onDropped(dropped: {
    kind: ItemKind;
    key: string;
    boot: number;
    from: number;
    to: number;
    cause: string;
  }): void;
  /** The disk refused; the log goes on in memory. Called when that begins, not for each try. */
  onDiskError(error: Error): void;
  /** The disk takes again what it is given. */
  onDiskRecovered(): void;
  /** An earlier boot is no longer told of: it ended a day ago. */
  onBootForgotten?(boot: number): void;
}

export interface OpenLogOptions {
  folder: string;
  limits?: Partial<LogLimits>;
  clock: Clock;
  observer: LogObserver;
}

/** Segments are rolled at this size, or an eighth of what may be held, so that dropping stays fine-grained. */
const SEGMENT_BYTES = 1024 * 1024;
/** …or at this age when all in it is delivered, so that the replay ring lets go in steps of a sixth… */
const SEGMENT_DELIVERED_MS = 150_000;
/** …or at this age while something in it is held: a week's outage makes 168 files. */
const SEGMENT_HELD_MS = 3_600_000;
/** The longest wait before the disk is tried again. */
const MAX_RETRY_MS = 10_000;

/**
 * The node's log: outbox and replay ring at once. See README.md in this folder for what it promises.
 * Everything but `open`, `write`, `close` and the reads is synchronous: a reading is taken into memory and
 * written within `writeEveryMs`; nobody waits for the disk.
 */
export class NodeLog {
  readonly report: RecoveryReport;
  readonly #folder: string;
  readonly #limits: LogLimits;
  readonly #clock: Clock;
  readonly #observer: LogObserver;
  readonly #state: LogState;
  readonly #segments: Segment[];
  readonly #tail = new Tail();
  readonly #logTimeBase: number;
  readonly #segmentBytes: number;
  #pending = new Pending();
  #file: FileHandle | undefined;
  #nextNumber: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #unflushed = false;
  #newFile = false;
  #flushedAt = 0;
  #failures = 0;
  #retryAt = 0;
  #boot = 0;
  #closed = false;

  private constructor(options: OpenLogOptions, recovered: Recovered) {
    this.report = recovered.report;
    this.#folder = options.folder;
    this.#limits = { ...DEFAULT_LOG_LIMITS, ...options.limits };
    this.#clock = options.clock;
    this.#observer = options.observer;
    this.#state = recovered.state;
    this.#segments = recovered.segments;
    this.#nextNumber = recovered.nextNumber;
    // While the node was down the log aged by the wall clock, which may have been set since: never below zero.
    const downMs = recovered.wall === 0 ? 0 : Math.max(0, this.#clock.now() - recovered.wall);
    this.#logTimeBase = recovered.logTime + downMs - this.#clock.monotonic();
    this.#segmentBytes = Math.min(SEGMENT_BYTES, Math.floor(this.#limits.heldBytes / 8));
  }

  /**
   * Opens the log of a folder that this process has locked, and reads it through.
   * @throws FormatVersionError for a segment of a later format version.
   */
  static async open(options: OpenLogOptions): Promise<NodeLog> {
    return new NodeLog(options, await recover(options.folder));
  }

  /** Begins to write at its own pace. */
  start(): void {
    this.#schedule();
  }

  /** The greatest boot that it knows of, or 0. */
  get lastBoot(): number {
    return Math.max(0, ...this.#state.boots.keys());
  }

  /** From now on readings are given under `boot`, which must be above every earlier one. */
  beginBoot(boot: number): void {
    if (boot <= this.lastBoot) throw new RangeError(`boot ${boot}: expected more than ${this.lastBoot}`);
    this.#boot = boot;
    const at = this.#logTime();
    this.#state.boot(boot, at);
    this.#pending.boot = { boot, at };
  }

  /** Takes a reading in and gives it its number. It is held until it is acknowledged or given up. */
  appendReading(reading: Omit<LoggedReading, "boot" | "seq">): LoggedReading {
    const stream = this.#state.stream("reading", reading.sensor, this.#boot, this.#logTime());
    const logged: LoggedReading = { ...reading, boot: this.#boot, seq: stream.lastSeq + 1 };
    const item: Item = {
      kind: "reading",
      key: logged.sensor,
      boot: logged.boot,
      seq: logged.seq,
      reading: logged,
    };
    this.#take(item, encodeRecord(READING, encodeReadingBody(logged)));
    return logged;
  }

  /** Takes an event in and gives it its number among this rule's events of this boot. */
  appendEvent(event: Omit<AlarmEvent, "boot" | "seq">): AlarmEvent {
    const key = `${event.sensor}/${event.rule}`;
    const seq = this.#state.stream("event", key, this.#boot, this.#logTime()).lastSeq + 1;
    const numbered: AlarmEvent = { ...event, boot: this.#boot, seq };
    this.#take(eventItem(numbered), encodeRecord(EVENT, Buffer.from(JSON.stringify(numbered))));
    return numbered;
  }

  /** The sensor was read and no reading came of it. */
  suppressed(sensor: string): void {
    const stream = this.#state.stream("reading", sensor, this.#boot, this.#logTime());
    stream.suppressed += 1;
    this.#pending.suppressed(sensor, this.#boot, stream.suppressed);
  }

  /** The broker has it. Acknowledging twice, or what was given up meanwhile, changes nothing. */
  acknowledge(name: ItemName): void {
    const stream = this.#state.find(name.kind, name.key, name.boot);
    if (stream === undefined || stream.held.remove(name.seq, name.seq) === 0) return;
    this.#pending.acked(name, name.seq, name.seq);
  }

  isHeld(name: ItemName): boolean {
    return this.#state.find(name.kind, name.key, name.boot)?.held.has(name.seq) === true;
  }

  /** How many are held. */
  heldCount(kind: ItemKind): number {
    let count = 0;
    for (const boot of this.#state.boots.values()) {
      for (const stream of (kind === "reading" ? boot.readings : boot.events).values()) {
        count += stream.held.count;
      }
    }
    return count;
  }

  /** How many events of a rule the broker has not acknowledged. */
  heldEventsOf(ruleKey: string): number {
    let count = 0;
    for (const boot of this.#state.boots.values()) count += boot.events.get(ruleKey)?.held.count ?? 0;
    return count;
  }

  /** The newest event of each rule, raised or cleared, by `{sensor}/{rule}`. */
  get newestEvents(): ReadonlyMap<string, AlarmEvent> {
    return this.#state.newest;
  }

  /** The rule is no more: its alarm is forgotten. */
  retire(ruleKey: string): void {
    if (this.#state.newest.delete(ruleKey)) this.#pending.retired(ruleKey);
  }

  /** Accounts of one stream and boot. */
  account(kind: ItemKind, key: string, boot: number): StreamState | undefined {
    return this.#state.find(kind, key, boot);
  }

  /** Every boot that it knows of, oldest first. */
  boots(): BootState[] {
    return [...this.#state.boots.values()].sort((a, b) => a.boot - b.boot);
  }

  /** The oldest reading of each stream that can still be given, by `{boot}/{sensor}`. */
  keptFrom(): Map<string, number> {
    const kept = new Map<string, number>();
    for (const segment of this.#segments) {
      for (const span of segment.spans.values()) {
        const id = `${span.boot}/${span.key}`;
        if (span.kind === "reading" && !kept.has(id)) kept.set(id, span.from);
      }
    }
    for (const { item } of this.#tail.entries) {
      const id = `${item.boot}/${item.key}`;
      if (item.kind === "reading" && !kept.has(id)) kept.set(id, item.seq);
    }
    return kept;
  }

  /** Bytes on disk and waiting, and how old the oldest of it is, ms (null: there is nothing). */
  size(): { bytes: number; ageMs: number | null; segments: number } {
    const bytes = this.#segments.reduce((sum, segment) => sum + segment.bytes, this.#tail.bytes);
    const [oldest] = this.#segments;
    return {
      bytes,
      ageMs: oldest === undefined ? null : Math.max(0, Math.round(this.#logTime() - oldest.startedAt)),
      segments: this.#segments.length,
    };
  }

  /** Readings `from` to `to` of one sensor and boot, as far as they are still there, ascending. */
  read(sensor: string, boot: number, from: number, to: number): AsyncGenerator<LoggedReading> {
    return readRange(this.#segments, this.#tail, sensor, boot, from, to);
  }

  /** The next held items from `cursor` on, oldest first, without those that `skip` names. */
  async held(
    kind: ItemKind,
    cursor: HeldCursor,
    limit: number,
    skip: (name: ItemName) => boolean,
  ): Promise<HeldBatch> {
    const stop = (name: ItemName): boolean => !this.isHeld(name) || skip(name);
    const batch = await heldBatch(this.#state, this.#segments, this.#tail, kind, cursor, limit, stop);
    if (batch.damaged === undefined) return batch;
    await this.#reindex(batch.damaged);
    return batch.items.length > 0 ? batch : this.held(kind, cursor, limit, skip);
  }

  /** Writes all that waits now, and flushes it with `flush`. Resolves also when the disk refused. */
  write({ flush = false } = {}): Promise<void> {
    this.#running = this.#running.then(() => this.#writeAll(flush));
    return this.#running;
  }

  /** Whether all that was taken is on disk. */
  get clean(): boolean {
    return this.#tail.length === 0 && this.#pending.empty;
  }

  /** Writes, flushes and lets go of the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#retryAt = 0;
    await this.write({ flush: true });
    await this.#file?.close();
    this.#file = undefined;
  }

  #take(item: Item, record: Buffer): void {
    this.#state.given(item, this.#logTime());
    this.#tail.push({ item, record });
    if (this.#tail.bytes > this.#limits.memoryBytes) this.#shrinkTail();
  }

  /** A file that can no longer be read to its end: what stood behind the damage is given up by name. */
  async #reindex(segment: Segment): Promise<void> {
    const { spans, path, number } = segment;
    const former = [...spans.values()];
    const loaded = await loadSegment(path, number, () => {});
    spans.clear();
    for (const [id, span] of loaded?.segment.spans ?? []) spans.set(id, span);
    segment.generation += 1;
    for (const { kind, key, boot, from, to } of former) {
      const lost = this.#state.find(kind, key, boot)?.held.clip(from, to) ?? new RangeSet();
      const left = segment.span(kind, key, boot);
      if (left !== undefined) lost.remove(left.from, left.to);
      for (const [a, b] of lost.ranges()) this.#dropped({ kind, key, boot, from: a, to: b, cause: TORN });
    }
  }

  /** The disk refuses, or is too slow: memory is bounded too. */
  #shrinkTail(): void {
    const room = Math.floor(this.#limits.memoryBytes * 0.9); // not for each reading anew
    const lost = new Map<string, ItemName & { seqs: RangeSet }>();
    for (const item of this.#tail.shrink(room, (name) => this.isHeld(name))) {
      const id = `${item.kind}/${item.boot}/${item.key}`;
      const entry = lost.get(id) ?? { ...item, seqs: new RangeSet() };
      entry.seqs.add(item.seq);
      lost.set(id, entry);
    }
    for (const { kind, key, boot, seqs } of lost.values()) {
      for (const [from, to] of seqs.ranges()) this.#dropped({ kind, key, boot, from, to, cause: "disk" });
    }
  }

  #dropped(range: {
    kind: ItemKind;
    key: string;
    boot: number;
    from: number;
    to: number;
    cause: string;
  }): void {
    const { kind, key, boot, from, to, cause } = range;
    this.#state.find(kind, key, boot)?.drop(from, to, cause);
    this.#pending.dropped([kind, key, boot, from, to, cause]);
    this.#observer.onDropped(range);
  }

  #logTime(): number {
    return this.#logTimeBase + this.#clock.monotonic();
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      void this.write().finally(() => this.#schedule());
    }, this.#limits.writeEveryMs);
  }

  async #writeAll(flush: boolean): Promise<void> {
    if (this.#clock.monotonic() < this.#retryAt) return;
    try {
      const plan = this.#plan();
      while (this.#tail.length > 0 || !this.#pending.empty) await this.#writeBatch();
      await this.#carryOut(plan);
      await this.#flushIfDue(flush);
      if (this.#failures > 0) {
        this.#failures = 0;
        this.#observer.onDiskRecovered();
      }
    } catch (error) {
      this.#failures += 1;
      this.#retryAt =
        this.#clock.monotonic() +
        Math.min(MAX_RETRY_MS, this.#limits.writeEveryMs * 2 ** (this.#failures - 1));
      if (this.#failures === 1) this.#observer.onDiskError(error as Error);
    }
  }

  #plan(): RetentionPlan {
    const plan = planRetention(this.#state, this.#segments, this.#tail.bytes, this.#logTime(), this.#limits);
    for (const range of plan.dropped) this.#dropped(range);
    for (const boot of pruneBoots(this.#state, this.#logTime())) this.#observer.onBootForgotten?.(boot.boot);
    return plan;
  }

  async #writeBatch(): Promise<void> {
    const head = this.#tail.head(this.#segmentBytes);
    const last = head.length === this.#tail.length;
    const pending = this.#pending;
    if (last) this.#pending = new Pending();
    try {
      const { file, segment, prefix } = await this.#target();
      const commit: Commit = (last ? pending : new Pending()).commit(this.#logTime(), this.#clock.now());
      const records = head.map((entry) => entry.record);
      const bytes = Buffer.concat([
        ...prefix,
        ...records,
        encodeRecord(COMMIT, Buffer.from(JSON.stringify(commit))),
      ]);
      await this.#put(file, segment, bytes);
      this.#noteWritten(
        segment,
        head,
        prefix.reduce((sum, part) => sum + part.length, segment.bytes),
      );
      segment.bytes += bytes.length;
      segment.endedAt = this.#logTime();
      this.#unflushed = true;
    } catch (error) {
      if (last) this.#pending.putBack(pending);
      await this.#cutBack();
      throw error;
    }
  }

  #noteWritten(segment: Segment, head: readonly TailEntry[], start: number): void {
    let offset = start;
    for (const { item, record } of head) {
      segment.note(item, offset, record.length);
      offset += record.length;
    }
    this.#tail.written(head);
  }

  /** Takes away what a failed write left behind the good bytes; if that fails too, the next write covers it. */
  async #cutBack(): Promise<void> {
    const bytes = this.#segments.at(-1)?.bytes ?? 0;
    await this.#file?.truncate(bytes).catch(() => undefined);
  }

  /** Writes at the end of the good bytes. */
  async #put(file: FileHandle, segment: Segment, bytes: Buffer): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, segment.bytes + done);
      if (bytesWritten === 0)
        throw new Error(`${segment.path}: the disk took 0 of ${bytes.length - done} bytes`);
      done += bytesWritten;
    }
  }

  /** The file to write to; `prefix` is what a new one begins with. */
  async #target(): Promise<{ file: FileHandle; segment: Segment; prefix: Buffer[] }> {
    const current = this.#segments.at(-1);
    if (this.#file !== undefined && current !== undefined && !this.#full(current)) {
      const prefix = current.bytes === 0 ? this.#opening(current) : [];
      return { file: this.#file, segment: current, prefix };
    }
    if (this.#file !== undefined) {
      if (current !== undefined) await this.#seal(this.#file, current);
      await this.#flushIfDue(true);
      await this.#file.close();
      this.#file = undefined;
    }
    const number = this.#nextNumber;
    const path = segmentPath(this.#folder, number);
    const file = await open(path, "wx");
    this.#nextNumber += 1;
    this.#newFile = true;
    const segment = new Segment(number, path, this.#logTime(), 0);
    this.#file = file;
    this.#segments.push(segment);
    return { file, segment, prefix: this.#opening(segment) };
  }

  /** Puts its index at the end of a full segment; without it, the next start reads the file through. */
  async #seal(file: FileHandle, segment: Segment): Promise<void> {
    const seal = encodeSeal(segment);
    try {
      await this.#put(file, segment, seal);
      segment.bytes += seal.length;
    } catch {
      await this.#cutBack();
    }
  }

  #opening(segment: Segment): Buffer[] {
    const snapshot = this.#state.snapshot(this.#logTime(), this.#clock.now());
    return [encodeHeader(segment.startedAt), encodeRecord(SNAPSHOT, Buffer.from(JSON.stringify(snapshot)))];
  }

  #full(segment: Segment): boolean {
    if (segment.bytes === 0) return false;
    const items = [...segment.spans.values()];
    const bytes = items.length === 0 ? 0 : segment.bytes - Math.min(...items.map((span) => span.firstOffset));
    if (bytes >= this.#segmentBytes) return true;
    const age = this.#logTime() - segment.startedAt;
    return age >= SEGMENT_HELD_MS || (age >= SEGMENT_DELIVERED_MS && this.heldCount("reading") === 0);
  }

  async #carryOut({ remove, compact }: RetentionPlan): Promise<void> {
    if (remove.length === 0 && compact.length === 0) return;
    await this.#flushIfDue(true); // what replaces them must be on the medium before they go
    for (const segment of compact) await compactSegment(this.#state, segment);
    for (const segment of remove) {
      await rm(segment.path, { force: true });
      const at = this.#segments.indexOf(segment);
      if (at !== -1) this.#segments.splice(at, 1);
    }
  }

  async #flushIfDue(now: boolean): Promise<void> {
    if (!this.#unflushed || this.#file === undefined) return;
    if (!now && this.#clock.monotonic() - this.#flushedAt < this.#limits.flushEveryMs) return;
    await this.#file.datasync();
    if (this.#newFile) await this.#flushFolder();
    this.#flushedAt = this.#clock.monotonic();
    this.#unflushed = false;
  }

  /** A new file is safe once its folder is. */
  async #flushFolder(): Promise<void> {
    const folder = await open(this.#folder, "r");
    try {
      await folder.sync();
      this.#newFile = false;
    } finally {
      await folder.close();
    }
  }
}
