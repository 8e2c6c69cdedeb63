import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@fieldmesh/runtime";
import type { JournaledReading } from "./catch-up.js";
import { decodeBlock, encodeBlock, type WindowChange } from "./journal-block.js";
import type { WindowEntry, WindowRing } from "./ring.js";
import type { Windows } from "./windows.js";

const MAGIC = "FMWJ";
const FORMAT = 1;
const HEADER_BYTES = 16; // magic, format u32, generation f64
const FILES = ["window-a.journal", "window-b.journal"] as const;

/** A generation is closed at this size even when it is younger than the window. */
const DEFAULT_MAX_BYTES = 128 * 1024 * 1024;
/** How often the consumer's state is written with the entries; it is brought up to date by those after it. */
const STATE_EVERY_MS = 5_000;
/** A large state is written less often: at most this many bytes a second on average. */
const STATE_BYTES_PER_S = 50_000;

/** A journal that this version cannot read. */
export class JournalFormatError extends Error {
  readonly code = "JOURNAL_FORMAT";

  constructor(path: string, found: string) {
    super(
      `${path} has format ${found}, and this version reads format ${FORMAT}: start the version that wrote it, or move the file away (the last minutes of the charts are in it, nothing else)`,
    );
    this.name = "JournalFormatError";
  }
}

export interface JournalOptions {
  folder: string;
  windows: Windows;
  /** Kept with the entries and given back by {@link WindowJournal.open}: the ledgers of the consumer. */
  state: () => unknown;
  log: Log;
  clock: () => number;
  /** Only grows, ms: this machine's clock may be set. */
  monotonic: () => number;
  maxBytes?: number;
}

/** What a journal gave back beside the windows. */
export interface RestoredJournal {
  /** The newest state that was written; undefined when none was. */
  state: unknown;
  /** Readings that were written after it. */
  after: JournaledReading[];
  /** All that were read. */
  readings: number;
}

interface Generation {
  path: string;
  number: number;
  data: Buffer;
  /** Where the first torn block begins. */
  end: number;
}

/**
 * The windows on disk: two append-only files in turn. A file is begun anew when the other one reaches back a
 * whole window, so together they always hold the window and at most two of it. Like a browser the journal
 * has a cursor into every window, so it queues nothing: what it missed while the disk was full is gone from
 * the journal only.
 */
export class WindowJournal {
  readonly #options: JournalOptions;
  readonly #cursors = new WeakMap<WindowRing, number>();
  #changes: WindowChange[] = [];
  #file: FileHandle | undefined;
  #current = 0;
  #generation = 0;
  #begunAt = 0;
  #bytes = 0;
  #stateAt = Number.NEGATIVE_INFINITY;
  #stateEveryMs = STATE_EVERY_MS;
  #writing: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;
  #failures = 0;
  #failing = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Whether the last write failed. */
  get failing(): boolean {
    return this.#failing;
  }

  /**
   * Reads what is there into the windows, and opens the journal for writing.
   * @throws JournalFormatError when a file is of a later format.
   */
  async open(): Promise<RestoredJournal> {
    await mkdir(this.#options.folder, { recursive: true });
    const found: Generation[] = [];
    for (const [index, name] of FILES.entries()) {
      const generation = await readGeneration(join(this.#options.folder, name));
      if (generation === undefined) continue;
      found.push(generation);
      if (generation.number >= this.#generation) {
        this.#generation = generation.number;
        this.#current = index;
      }
    }
    found.sort((one, other) => one.number - other.number);
    const restored: RestoredJournal = { state: undefined, after: [], readings: 0 };
    for (const generation of found) this.#restore(generation, restored);
    this.#options.windows.evict(this.#options.clock());
    const now = this.#options.monotonic();
    for (const [, ring] of this.#options.windows.entries()) this.#cursors.set(ring, ring.next);
    const newest = found.at(-1);
    if (newest === undefined) await this.#rotate(now);
    else {
      this.#file = await open(newest.path, "r+");
      await this.#file.truncate(newest.end);
      this.#bytes = newest.end;
      // When it was begun is not kept; taken as now, it is closed late rather than early.
      this.#begunAt = now;
    }
    return restored;
  }

  /** Notes a change of whole windows; written with the next {@link flush}. */
  note(change: WindowChange): void {
    this.#changes.push(change);
  }

  /**
   * Writes what is new in the windows. Never rejects: a full disk is logged and counted. While a write is on its
   * way and another waits, that one will take all that there is.
   */
  flush(): Promise<void> {
    this.#waiting ??= this.#writing.then(() => {
      this.#waiting = undefined;
      this.#writing = this.#attempt();
      return this.#writing;
    });
    return this.#waiting;
  }

  async close(): Promise<void> {
    this.#stateAt = Number.NEGATIVE_INFINITY;
    await this.flush();
    await this.#file?.close();
    this.#file = undefined;
  }

  #restore(generation: Generation, restored: RestoredJournal): void {
    const { windows } = this.#options;
    let at = HEADER_BYTES;
    for (
      let read = decodeBlock(generation.data, at);
      read !== undefined;
      read = decodeBlock(generation.data, at)
    ) {
      at = read.next;
      for (const change of read.block.changes) {
        applyChange(windows, change);
      }
      for (const { stream, entries } of read.block.streams) {
        const ring = windows.open(stream);
        if (ring === undefined) continue;
        restored.readings += entries.length;
        for (const entry of entries) {
          ring.push(entry);
          restored.after.push({ stream, boot: entry.boot, seq: entry.seq });
        }
      }
      if (read.block.state === undefined) continue;
      restored.state = read.block.state; // it knows of this block's readings, and those before
      restored.after = [];
    }
    generation.end = at;
  }

  async #attempt(): Promise<void> {
    try {
      await this.#write();
      this.#failing = false;
    } catch (error) {
      this.#failed(error);
    }
  }

  async #write(): Promise<void> {
    const now = this.#options.monotonic();
    const streams: { stream: string; entries: WindowEntry[] }[] = [];
    const reached: [WindowRing, number][] = [];
    for (const [stream, ring] of this.#options.windows.entries()) {
      const from = Math.max(this.#cursors.get(ring) ?? 0, ring.oldest);
      if (from >= ring.next) continue;
      const entries: WindowEntry[] = [];
      for (let n = from; n < ring.next; n += 1) {
        const entry = ring.at(n);
        if (entry !== undefined) entries.push(entry);
      }
      streams.push({ stream, entries });
      reached.push([ring, ring.next]);
    }
    const withState = now - this.#stateAt >= this.#stateEveryMs;
    const changes = this.#changes;
    if (streams.length === 0 && changes.length === 0 && !withState) return;
    const block = encodeBlock({ changes, streams, ...(withState ? { state: this.#options.state() } : {}) });
    const full = this.#bytes + block.length > (this.#options.maxBytes ?? DEFAULT_MAX_BYTES);
    if (this.#file === undefined || full || now - this.#begunAt >= this.#options.windows.limits.windowMs) {
      await this.#rotate(now);
    }
    if (this.#file === undefined) return;
    // At a place of its own: after a write that failed half-way the next one overwrites the torn block.
    await writeAll(this.#file, block, this.#bytes);
    this.#bytes += block.length;
    this.#changes = this.#changes.slice(changes.length);
    if (withState) {
      this.#stateAt = now;
      this.#stateEveryMs = Math.max(STATE_EVERY_MS, (block.length / STATE_BYTES_PER_S) * 1_000);
    }
    for (const [ring, n] of reached) this.#cursors.set(ring, n);
  }

  /** Begins the next generation in the older file. Until that is done, the newer one stays as it is. */
  async #rotate(now: number): Promise<void> {
    const next = (this.#current + 1) % FILES.length;
    const generation = this.#generation + 1;
    const file = await open(join(this.#options.folder, FILES[next] ?? FILES[0]), "w", 0o600);
    try {
      const header = Buffer.alloc(HEADER_BYTES);
      header.write(MAGIC, 0, "latin1");
      header.writeUInt32LE(FORMAT, 4);
      header.writeDoubleLE(generation, 8);
      await writeAll(file, header, 0);
    } catch (error) {
      await file.close();
      throw error;
    }
    const before = this.#file;
    this.#file = file;
    this.#current = next;
    this.#generation = generation;
    this.#bytes = HEADER_BYTES;
    this.#begunAt = now;
    this.#stateAt = Number.NEGATIVE_INFINITY; // the file before may be begun anew: each needs the state
    await before?.close();
  }

  #failed(error: unknown): void {
    this.#failing = true;
    this.#failures += 1;
    // One line when it begins to fail, then one a minute of half-second writes.
    if (this.#failures % 120 === 1) {
      this.#options.log.error({ err: error, failures: this.#failures }, "window journal not written");
    }
  }
}

function applyChange(windows: Windows, change: WindowChange): void {
  switch (change.change) {
    case "removed":
      windows.remove(change.stream);
      return;
    case "shifted":
      windows.get(change.stream)?.shift(change.deltaMs, change.sinceArrival);
      return;
    case "stepped":
      windows.stepped(change.deltaMs);
      return;
  }
}

async function writeAll(file: FileHandle, data: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < data.length) {
    const { bytesWritten } = await file.write(data, done, data.length - done, position + done);
    done += bytesWritten;
  }
}

async function readGeneration(path: string): Promise<Generation | undefined> {
  let data: Buffer;
  try {
    data = await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  if (data.length < HEADER_BYTES) return undefined; // killed while it was begun
  const magic = data.toString("latin1", 0, 4);
  const format = data.readUInt32LE(4);
  if (magic !== MAGIC) throw new JournalFormatError(path, JSON.stringify(magic));
  if (format !== FORMAT) throw new JournalFormatError(path, String(format));
  return { path, number: data.readDoubleLE(8), data, end: HEADER_BYTES };
}
