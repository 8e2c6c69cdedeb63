import type { Flushable, Flusher } from "./flusher.js";

/** Blocks that small writes are collected in: they start small, since most connections write little. */
const MIN_BLOCK_BYTES = 256;
const MAX_BLOCK_BYTES = 16 * 1024;
/** One write under way at a time, and at most this much: more would leave our sight for the kernel's. */
const MAX_WRITE_BYTES = 256 * 1024;
/** A reader that is behind gets smaller writes, so that slow progress is seen as progress. */
const BEHIND_WRITE_BYTES = 32 * 1024;
/** Chunks from this size on are queued as they are. */
const KEEP_CHUNK_BYTES = 2 * 1024;
/** A queue past this does not move at once: it copies, so that it does not hold another connection's buffers. */
const HOLD_FOREIGN_BYTES = 64 * 1024;

export type Send = (chunks: readonly Buffer[], done: () => void) => void;

/** Bytes on their way to one client, in the order in which they were pushed. */
export class OutwardQueue implements Flushable {
  /** Queued and under way. */
  bytes = 0;
  /** When a write last finished, or the queue last began to fill; milliseconds of `performance.now()`. */
  lastProgressMs = 0;
  readonly #flusher: Flusher;
  readonly #send: Send;
  readonly #counters: { bytesSent: number };
  #chunks: Buffer[] = [];
  #head = 0;
  #block: Buffer | null = null;
  #blockStart = 0;
  #blockUsed = 0;
  #blockBytes = MIN_BLOCK_BYTES;
  #underWay = 0;
  #dirty = false;
  #closed = false;
  #whenBelow: { bytes: number; call: () => void }[] = [];

  constructor(flusher: Flusher, counters: { bytesSent: number }, send: Send) {
    this.#counters = counters;
    this.#flusher = flusher;
    this.#send = send;
  }

  push(bytes: Uint8Array): void {
    if (this.#closed || bytes.length === 0) return;
    this.#touch();
    if (bytes.length >= KEEP_CHUNK_BYTES && this.bytes < HOLD_FOREIGN_BYTES && Buffer.isBuffer(bytes)) {
      this.#seal();
      this.#chunks.push(bytes);
    } else {
      const block = this.#room(bytes.length);
      block.set(bytes, this.#blockUsed);
      this.#blockUsed += bytes.length;
    }
    this.bytes += bytes.length;
  }

  pushText(text: string): void {
    if (this.#closed || text === "") return;
    this.#touch();
    const block = this.#room(text.length * 3); // UTF-8 takes at most three bytes for a UTF-16 unit
    const written = block.write(text, this.#blockUsed);
    this.#blockUsed += written;
    this.bytes += written;
  }

  /** Calls back, once, when no more than this is queued. */
  whenBelow(bytes: number, call: () => void): void {
    this.#whenBelow.push({ bytes, call });
  }

  #touch(): void {
    if (this.bytes === 0) this.lastProgressMs = performance.now();
    if (this.#dirty) return;
    this.#dirty = true;
    this.#flusher.add(this);
  }

  #room(bytes: number): Buffer {
    if (this.#block !== null && this.#block.length - this.#blockUsed >= bytes) return this.#block;
    if (this.#block !== null) {
      this.#seal();
      this.#blockBytes = Math.min(this.#blockBytes * 4, MAX_BLOCK_BYTES);
    }
    this.#block = Buffer.allocUnsafe(Math.max(bytes, this.#blockBytes));
    this.#blockStart = 0;
    this.#blockUsed = 0;
    return this.#block;
  }

  /** Makes what the block holds a chunk; the block's rest stays in use. */
  #seal(): void {
    if (this.#block === null || this.#blockUsed === this.#blockStart) return;
    this.#chunks.push(this.#block.subarray(this.#blockStart, this.#blockUsed));
    this.#blockStart = this.#blockUsed;
  }

  flush(): void {
    this.#dirty = false;
    if (this.#closed || this.#underWay > 0 || this.bytes === 0) return;
    this.#seal();
    const chunks = this.#take();
    if (this.#head === this.#chunks.length) {
      this.#chunks = [];
      this.#head = 0;
      if (this.#block !== null && this.#blockUsed < this.#blockBytes / 4) {
        this.#blockBytes = Math.max(this.#blockBytes / 2, MIN_BLOCK_BYTES);
      }
      this.#block = null; // an idle connection keeps no block
    }
    this.#send(chunks, this.#sent);
  }

  #take(): Buffer[] {
    const limit = this.bytes > MAX_WRITE_BYTES ? BEHIND_WRITE_BYTES : MAX_WRITE_BYTES;
    const taken: Buffer[] = [];
    while (this.#head < this.#chunks.length) {
      const chunk = this.#chunks[this.#head] as Buffer;
      const room = limit - this.#underWay;
      if (chunk.length > room) {
        if (taken.length > 0 && room < KEEP_CHUNK_BYTES) break;
        taken.push(chunk.subarray(0, room));
        this.#chunks[this.#head] = chunk.subarray(room);
        this.#underWay += room;
        break;
      }
      taken.push(chunk);
      this.#underWay += chunk.length;
      this.#head += 1;
    }
    if (this.#head > 1024) {
      this.#chunks.splice(0, this.#head);
      this.#head = 0;
    }
    return taken;
  }

  readonly #sent = (): void => {
    this.bytes -= this.#underWay;
    this.#counters.bytesSent += this.#underWay;
    this.#underWay = 0;
    this.lastProgressMs = performance.now();
    this.flush();
    this.#tellWaiting();
  };

  #tellWaiting(): void {
    if (this.#whenBelow.length === 0) return;
    const due = this.#whenBelow.filter((waiting) => this.bytes <= waiting.bytes);
    if (due.length === 0) return;
    this.#whenBelow = this.#whenBelow.filter((waiting) => this.bytes > waiting.bytes);
    for (const { call } of due) call();
  }

  /** Forgets what is queued; nothing is sent any more. Whoever waits is told. */
  close(): void {
    this.#closed = true;
    this.#chunks = [];
    this.#block = null;
    this.bytes = 0;
    this.#underWay = 0;
    this.#tellWaiting();
  }

  /** Everything that is left, for a last write. */
  drain(): Buffer[] {
    this.#seal();
    const rest = this.#chunks.slice(this.#head);
    this.close();
    return rest;
  }
}
