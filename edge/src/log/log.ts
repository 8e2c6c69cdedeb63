import type { AlarmEvent } from "@fieldmesh/protocol";
import {
  EVENT,
  encodeReadingBody,
  eventItem,
  type Item,
  type ItemKind,
  type ItemName,
  type LoggedReading,
  READING,
} from "./entry.js";
import { LogMemory } from "./memory.js";
import { DEFAULT_LOG_LIMITS, type LogLimits, type OpenLogOptions } from "./options.js";
import { encodeRecord } from "./record.js";
import { type Recovered, type RecoveryReport, recover } from "./recovery.js";
import { type HeldBatch, type HeldCursor, heldBatch, readRange } from "./scan.js";
import type { BootState, StreamState } from "./state.js";
import { LogWriter } from "./writer.js";

/**
 * The node's log: outbox and replay ring at once. See README.md in this folder for what it promises.
 * Everything but `open`, `write`, `close` and the reads is synchronous: a reading is taken into memory and
 * written within `writeEveryMs`; nobody waits for the disk.
 */
export class NodeLog {
  readonly report: RecoveryReport;
  readonly #limits: LogLimits;
  readonly #memory: LogMemory;
  readonly #writer: LogWriter;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #boot = 0;
  #closed = false;

  private constructor({ folder, limits, clock, observer }: OpenLogOptions, recovered: Recovered) {
    this.report = recovered.report;
    this.#limits = { ...DEFAULT_LOG_LIMITS, ...limits };
    this.#memory = new LogMemory(recovered, clock, this.#limits, observer);
    this.#writer = new LogWriter(this.#memory, folder, recovered.nextNumber, this.#limits, observer);
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
    return Math.max(0, ...this.#memory.state.boots.keys());
  }

  /** From now on readings are given under `boot`, which must be above every earlier one. */
  beginBoot(boot: number): void {
    if (boot <= this.lastBoot) throw new RangeError(`boot ${boot}: expected more than ${this.lastBoot}`);
    this.#boot = boot;
    const at = this.#memory.logTime();
    this.#memory.state.boot(boot, at);
    this.#memory.pending.boot = { boot, at };
  }

  /** Takes a reading in and gives it its number. It is held until it is acknowledged or given up. */
  appendReading(reading: Omit<LoggedReading, "boot" | "seq">): LoggedReading {
    const stream = this.#memory.state.stream("reading", reading.sensor, this.#boot, this.#memory.logTime());
    const logged: LoggedReading = { ...reading, boot: this.#boot, seq: stream.lastSeq + 1 };
    const item: Item = {
      kind: "reading",
      key: logged.sensor,
      boot: logged.boot,
      seq: logged.seq,
      reading: logged,
    };
    this.#memory.take(item, encodeRecord(READING, encodeReadingBody(logged)));
    return logged;
  }

  /** Takes an event in and gives it its number among this rule's events of this boot. */
  appendEvent(event: Omit<AlarmEvent, "boot" | "seq">): AlarmEvent {
    const key = `${event.sensor}/${event.rule}`;
    const seq = this.#memory.state.stream("event", key, this.#boot, this.#memory.logTime()).lastSeq + 1;
    const numbered: AlarmEvent = { ...event, boot: this.#boot, seq };
    this.#memory.take(eventItem(numbered), encodeRecord(EVENT, Buffer.from(JSON.stringify(numbered))));
    return numbered;
  }

  /** The sensor was read and no reading came of it. */
  suppressed(sensor: string): void {
    const stream = this.#memory.state.stream("reading", sensor, this.#boot, this.#memory.logTime());
    stream.suppressed += 1;
    this.#memory.pending.suppressed(sensor, this.#boot, stream.suppressed);
  }

  /** The broker has it. Acknowledging twice, or what was given up meanwhile, changes nothing. */
  acknowledge(name: ItemName): void {
    const stream = this.#memory.state.find(name.kind, name.key, name.boot);
    if (stream === undefined || stream.held.remove(name.seq, name.seq) === 0) return;
    this.#memory.pending.acked(name, name.seq, name.seq);
  }

  isHeld(name: ItemName): boolean {
    return this.#memory.isHeld(name);
  }

  /** How many are held. */
  heldCount(kind: ItemKind): number {
    return this.#memory.state.heldCount(kind);
  }

  /** How many events of a rule the broker has not acknowledged. */
  heldEventsOf(ruleKey: string): number {
    return this.#memory.state.heldCount("event", ruleKey);
  }

  /** The newest event of each rule, raised or cleared, by `{sensor}/{rule}`. */
  get newestEvents(): ReadonlyMap<string, AlarmEvent> {
    return this.#memory.state.newest;
  }

  /** The rule is no more: its alarm is forgotten. */
  retire(ruleKey: string): void {
    if (this.#memory.state.newest.delete(ruleKey)) this.#memory.pending.retired(ruleKey);
  }

  /** Accounts of one stream and boot. */
  account(kind: ItemKind, key: string, boot: number): StreamState | undefined {
    return this.#memory.state.find(kind, key, boot);
  }

  /** Every boot that it knows of, oldest first. */
  boots(): BootState[] {
    return [...this.#memory.state.boots.values()].sort((a, b) => a.boot - b.boot);
  }

  /** The oldest reading of each stream that can still be given, by `{boot}/{sensor}`. */
  keptFrom(): Map<string, number> {
    const kept = new Map<string, number>();
    for (const segment of this.#memory.segments) {
      for (const span of segment.spans.values()) {
        const id = `${span.boot}/${span.key}`;
        if (span.kind === "reading" && !kept.has(id)) kept.set(id, span.from);
      }
    }
    for (const { item } of this.#memory.tail.entries) {
      const id = `${item.boot}/${item.key}`;
      if (item.kind === "reading" && !kept.has(id)) kept.set(id, item.seq);
    }
    return kept;
  }

  /** Bytes on disk and waiting, and how old the oldest of it is, ms (null: there is nothing). */
  size(): { bytes: number; ageMs: number | null; segments: number } {
    const bytes = this.#memory.segments.reduce(
      (sum, segment) => sum + segment.bytes,
      this.#memory.tail.bytes,
    );
    const [oldest] = this.#memory.segments;
    return {
      bytes,
      ageMs: oldest === undefined ? null : Math.max(0, Math.round(this.#memory.logTime() - oldest.startedAt)),
      segments: this.#memory.segments.length,
    };
  }

  /** Readings `from` to `to` of one sensor and boot, as far as they are still there, ascending. */
  read(sensor: string, boot: number, from: number, to: number): AsyncGenerator<LoggedReading> {
    return readRange(this.#memory.segments, this.#memory.tail, sensor, boot, from, to);
  }

  /** The next held items from `cursor` on, oldest first, without those that `skip` names. */
  async held(
    kind: ItemKind,
    cursor: HeldCursor,
    limit: number,
    skip: (name: ItemName) => boolean,
  ): Promise<HeldBatch> {
    const stop = (name: ItemName): boolean => !this.isHeld(name) || skip(name);
    const batch = await heldBatch(
      this.#memory.state,
      this.#memory.segments,
      this.#memory.tail,
      kind,
      cursor,
      limit,
      stop,
    );
    if (batch.damaged === undefined) return batch;
    await this.#memory.reindex(batch.damaged);
    return batch.items.length > 0 ? batch : this.held(kind, cursor, limit, skip);
  }

  /** Writes all that waits now, and flushes it with `flush`. Resolves also when the disk refused. */
  write({ flush = false } = {}): Promise<void> {
    this.#running = this.#running.then(() => this.#writer.write(flush));
    return this.#running;
  }

  /** Whether all that was taken is on disk. */
  get clean(): boolean {
    return this.#memory.tail.length === 0 && this.#memory.pending.empty;
  }

  /** Writes, flushes and lets go of the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
    await this.#writer.close();
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      void this.write().finally(() => this.#schedule());
    }, this.#limits.writeEveryMs);
  }
}
