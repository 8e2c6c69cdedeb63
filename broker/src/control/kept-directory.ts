import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { writeFileAtomic } from "@fieldmesh/runtime";
import { MAX_FILE_BYTES } from "./bounds.js";
import type { Directory } from "./directory.js";
import { DocumentError, documentParts, readDocument } from "./document.js";

/** Clients or roles that are put into words before messages are looked at again. */
const AT_A_TIME = 100;
/** Of the owner alone: it holds hashes of passwords. */
const MODE = 0o600;

/** The file that a directory is kept in; without one it lives as long as the broker. */
export class KeptDirectory {
  readonly #directory: Directory;
  readonly #file: string | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Begins when the write of now has ended, with all that has changed until then. */
  #next: Promise<void> | undefined;

  constructor(directory: Directory, file: string | undefined) {
    this.#directory = directory;
    this.#file = file;
  }

  /** Reads the file where there is one. @throws {DocumentError} */
  async start(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    const info = await stat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new DocumentError(`${file}: ${error.message} (DYNAMIC_SECURITY_FILE)`, { cause: error });
    });
    if (info === undefined) return;
    if (info.size > MAX_FILE_BYTES)
      throw new DocumentError(`${file}: ${info.size} bytes; expected at most ${MAX_FILE_BYTES}`);
    readDocument(await readFile(file, "utf8"), this.#directory, file);
  }

  /** Resolves when all that has changed until now is on the medium. Calls during a write share the next one. */
  save(): Promise<void> {
    this.#next ??= this.#writing
      .catch(() => undefined) // was told to those who waited for it
      .then(() => {
        this.#next = undefined;
        this.#writing = this.#write();
        return this.#writing;
      });
    return this.#next;
  }

  async #write(): Promise<void> {
    if (this.#file === undefined) return;
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.#file, await this.#text(), MODE);
  }

  async #text(): Promise<string> {
    const parts: string[] = [];
    for (const part of documentParts(this.#directory)) {
      parts.push(part);
      if (parts.length % AT_A_TIME === 0) await setImmediate(); // others want their turn too
    }
    return parts.join("");
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await (this.#next ?? this.#writing).catch(() => undefined);
  }
}
