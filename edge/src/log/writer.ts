import { rm } from "node:fs/promises";
import { compactSegments, planMerge } from "./compaction.js";
import { COMMIT, SNAPSHOT } from "./entry.js";
import type { LogMemory } from "./memory.js";
import type { LogLimits, LogObserver } from "./options.js";
import { Pending } from "./pending.js";
import { encodeHeader, encodeRecord } from "./record.js";
import { segmentPath } from "./recovery.js";
import { planRetention, pruneBoots, type RetentionPlan } from "./retention.js";
import { Segment } from "./segment.js";
import { SegmentFile } from "./segment-file.js";
import type { TailEntry } from "./tail.js";

/** Segments are rolled at this size, or an eighth of what may be held, so that dropping stays fine-grained. */
const SEGMENT_BYTES = 1024 * 1024;
/** …or at this age when all in it is delivered, so that the replay ring lets go in steps of a sixth… */
const SEGMENT_DELIVERED_MS = 150_000;
/** …or at this age while something in it is held: a week's outage makes 168 files. */
const SEGMENT_HELD_MS = 3_600_000;
/** The longest wait before the disk is tried again. */
const MAX_RETRY_MS = 10_000;

/** Brings the log's memory to disk, and lets go of what is no longer needed there. One call at a time. */
export class LogWriter {
  readonly #memory: LogMemory;
  readonly #folder: string;
  readonly #limits: LogLimits;
  readonly #observer: LogObserver;
  readonly #segmentBytes: number;
  #file: SegmentFile | undefined;
  #nextNumber: number;
  #flushedAt = 0;
  #failures = 0;
  #retryAt = 0;

  constructor(
    memory: LogMemory,
    folder: string,
    nextNumber: number,
    limits: LogLimits,
    observer: LogObserver,
  ) {
    this.#memory = memory;
    this.#folder = folder;
    this.#nextNumber = nextNumber;
    this.#limits = limits;
    this.#observer = observer;
    this.#segmentBytes = Math.min(SEGMENT_BYTES, Math.floor(limits.heldBytes / 8));
  }

  /** Never rejects: when the disk refuses, all stays in memory and is tried again, with longer and longer waits. */
  async write(flush: boolean): Promise<void> {
    const { clock, tail } = this.#memory;
    if (clock.monotonic() < this.#retryAt) return;
    try {
      const plan = this.#plan();
      while (tail.length > 0 || !this.#memory.pending.empty) await this.#writeBatch();
      await this.#carryOut(plan);
      await this.#flush(flush);
      if (this.#failures > 0) {
        this.#failures = 0;
        this.#observer.onDiskRecovered();
      }
    } catch (error) {
      this.#failures += 1;
      const waitMs = Math.min(MAX_RETRY_MS, this.#limits.writeEveryMs * 2 ** (this.#failures - 1));
      this.#retryAt = clock.monotonic() + waitMs;
      if (this.#failures === 1) this.#observer.onDiskError(error as Error);
    }
  }

  /** Writes a last time, whether or not the disk refused before, and lets go of the file. */
  async close(): Promise<void> {
    this.#retryAt = 0;
    await this.write(true);
    await this.#file?.close();
    this.#file = undefined;
  }

  #plan(): RetentionPlan {
    const { state, segments, tail } = this.#memory;
    const now = this.#memory.logTime();
    const plan = planRetention(state, segments, tail.bytes, now, this.#limits);
    for (const range of plan.dropped) this.#memory.dropped(range);
    pruneBoots(state, now);
    return plan;
  }

  /** The oldest of what waits; with the last of it goes a commit of everything else that changed. */
  async #writeBatch(): Promise<void> {
    const { tail, clock } = this.#memory;
    const head = tail.head(this.#segmentBytes);
    const { pending } = this.#memory;
    const last = head.length === tail.length;
    if (last) this.#memory.pending = new Pending();
    try {
      const file = await this.#target();
      const { segment } = file;
      const prefix = segment.bytes === 0 ? this.#opening(segment) : [];
      const commit = (last ? pending : new Pending()).commit(this.#memory.logTime(), clock.now());
      const start = prefix.reduce((sum, part) => sum + part.length, segment.bytes);
      const end = encodeRecord(COMMIT, Buffer.from(JSON.stringify(commit)));
      await file.append(Buffer.concat([...prefix, ...head.map((entry) => entry.record), end]));
      segment.endedAt = this.#memory.logTime();
      this.#noteWritten(segment, head, start);
    } catch (error) {
      if (last) this.#memory.pending.putBack(pending);
      throw error;
    }
  }

  #noteWritten(segment: Segment, head: readonly TailEntry[], start: number): void {
    let offset = start;
    for (const { item, record } of head) {
      segment.note(item, offset, record.length);
      offset += record.length;
    }
    this.#memory.tail.written(head);
  }

  /** The file to write to: the present one, or a new one when that is full. */
  async #target(): Promise<SegmentFile> {
    if (this.#file !== undefined) {
      if (!this.#isFull(this.#file.segment)) return this.#file;
      await this.#file.seal();
      await this.#flush(true);
      await this.#file.close();
      this.#file = undefined;
    }
    const number = this.#nextNumber;
    const segment = new Segment(number, segmentPath(this.#folder, number), this.#memory.logTime(), 0);
    this.#file = await SegmentFile.create(segment);
    this.#nextNumber += 1;
    this.#memory.segments.push(segment);
    return this.#file;
  }

  /** What each segment begins with: all that is known, so that those before it may go. */
  #opening(segment: Segment): Buffer[] {
    const { state, clock } = this.#memory;
    const snapshot = state.snapshot(this.#memory.logTime(), clock.now());
    return [encodeHeader(segment.startedAt), encodeRecord(SNAPSHOT, Buffer.from(JSON.stringify(snapshot)))];
  }

  #isFull(segment: Segment): boolean {
    if (segment.bytes === 0) return false;
    const spans = [...segment.spans.values()];
    const from = Math.min(segment.bytes, ...spans.map((span) => span.firstOffset));
    if (segment.bytes - from >= this.#segmentBytes) return true;
    const age = this.#memory.logTime() - segment.startedAt;
    if (age >= SEGMENT_HELD_MS) return true;
    return age >= SEGMENT_DELIVERED_MS && this.#memory.state.heldCount("reading") === 0;
  }

  async #carryOut({ remove, compact }: RetentionPlan): Promise<void> {
    if (remove.length === 0 && compact.length === 0) return;
    const { state, segments } = this.#memory;
    await this.#flush(true); // what replaces them must be on the medium before they go
    for (const segment of compact) await compactSegments(state, [segment]);
    for (const segment of remove) await this.#remove(segment);
    const merged = planMerge(state, segments, this.#limits.heldMs, this.#segmentBytes);
    await compactSegments(state, merged);
    for (const segment of merged.slice(0, -1)) await this.#remove(segment);
  }

  async #remove(segment: Segment): Promise<void> {
    await rm(segment.path, { force: true });
    const { segments } = this.#memory;
    const at = segments.indexOf(segment);
    if (at !== -1) segments.splice(at, 1);
  }

  async #flush(now: boolean): Promise<void> {
    const { clock } = this.#memory;
    if (!now && clock.monotonic() - this.#flushedAt < this.#limits.flushEveryMs) return;
    await this.#file?.flush();
    this.#flushedAt = clock.monotonic();
  }
}
