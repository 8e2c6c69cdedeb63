import { type FSWatcher, watch } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";

/** Also the fallback where a file system reports nothing (network mounts, some bind mounts). */
const POLL_INTERVAL_MS = 500;
/** A credentials file of 100,000 users has some 15 MB. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

export interface WatchedFileEvents {
  /** New content; an error thrown here is given to `onError` and the file counts as read. */
  onText(text: string): void;
  onError(error: unknown): void;
}

/**
 * A text file that is read again when it changes. The folder is watched, not the file, so that a rename over it
 * is seen; a poll of its size, time and inode stands behind that.
 */
export class WatchedFile {
  readonly path: string;
  readonly #events: WatchedFileEvents;
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  #seen = "";
  #reading = false;
  #again = false;

  constructor(path: string, events: WatchedFileEvents) {
    this.path = path;
    this.#events = events;
  }

  /** Reads the file once, with its errors for the caller, then watches. */
  async start(): Promise<void> {
    this.#events.onText(await this.#read());
    try {
      this.#watcher = watch(dirname(this.path), (_event, name) => {
        if (name === null || name === basename(this.path)) this.#check();
      });
      this.#watcher.on("error", () => this.#watcher?.close()); // the poll goes on
    } catch {
      // No watch here (inotify's limit, say): the poll sees the change.
    }
    this.#poll = setInterval(() => this.#check(), POLL_INTERVAL_MS);
    this.#poll.unref();
  }

  async #read(): Promise<string> {
    const info = await stat(this.path, { bigint: true });
    if (info.size > MAX_FILE_BYTES)
      throw new Error(`${this.path}: ${info.size} bytes; expected at most ${MAX_FILE_BYTES}`);
    this.#seen = `${info.ino}:${info.size}:${info.mtimeNs}`;
    return readFile(this.path, "utf8");
  }

  #check(): void {
    this.#again = true;
    if (this.#reading) return;
    this.#reading = true;
    this.#readWhileChanged()
      .catch((error: unknown) => this.#events.onError(error))
      .finally(() => {
        this.#reading = false;
      });
  }

  async #readWhileChanged(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const info = await stat(this.path, { bigint: true }).catch(() => null);
      // Between the two steps of a careless replacement the file is away; the next look finds it.
      if (info === null || `${info.ino}:${info.size}:${info.mtimeNs}` === this.#seen) continue;
      this.#events.onText(await this.#read());
    }
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#poll);
  }
}
