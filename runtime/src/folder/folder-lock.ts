import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { ConfigurationError } from "../process/exit.js";
import { askHolder, type FolderHolder } from "./ask-holder.js";

/**
 * Lock files are `.lock-<generation>`: Unix sockets, of which the one with the highest generation is the
 * lock. Its holder listens on it, so the kernel lets go of it when the holder dies, in whatever container and
 * under whatever pid.
 */
const LOCK_FILE = /^\.lock-(\d{1,12})$/;
/** `sun_path` of `sockaddr_un` takes 107 bytes on Linux and 103 on macOS. */
const MAX_SOCKET_PATH = 100; // bytes
/** Somebody else must have won each of these races, so that the next round finds the winner alive. */
const MAX_ROUNDS = 100;

/** Another process has the folder. */
export class FolderHeldError extends Error {
  override readonly name = "FolderHeldError";
  readonly code = "folder_held";
  readonly folder: string;
  readonly holder: FolderHolder | undefined;

  constructor(folder: string, holder: FolderHolder | undefined) {
    const who =
      holder === undefined
        ? "a process that does not say its name"
        : `${holder.holder} (host ${holder.host}, pid ${holder.pid}, since ${holder.since})`;
    super(`${folder} is held by ${who}: end it, or use another folder (DATA_DIR)`);
    this.folder = folder;
    this.holder = holder;
  }
}

/** The folder cannot be locked, or not made: its file system or its rights do not allow it. */
export class FolderLockError extends ConfigurationError {
  override readonly name = "FolderLockError";
  override readonly code = "folder_lock";
}

export interface FolderLock extends AsyncDisposable {
  /** The folder, absolute. */
  readonly path: string;
  release(): Promise<void>;
}

/**
 * Makes the folder where it is not there and locks it for this process. It works between processes and
 * containers of one machine that share a file system, not over a network file system.
 *
 * Takeover without a race: a contender listens on a socket of its own, then links it to the generation after
 * the highest. The link fails when another was faster. Generations never go back, because the newest file is
 * never removed; so a contender that was asleep with an old number finds a higher one after linking, and
 * lets go.
 * @param holder who asks, as shown to others: `"edge greenhouse"`.
 * @throws FolderHeldError naming the holder; FolderLockError.
 */
export async function lockFolder(path: string, holder: string): Promise<FolderLock> {
  const folder = resolve(path);
  const mine: FolderHolder = { holder, host: hostname(), pid: process.pid, since: new Date().toISOString() };
  let sockets: SocketFolder | undefined;
  let server: Server | undefined;
  const own = `.lock-of-${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    sockets = await openSocketFolder(folder);
    server = await listen(sockets.pathOf(own), mine);
    await takeOver(folder, sockets, own);
    return heldLock(folder, server);
  } catch (error) {
    await close(server);
    if (error instanceof FolderHeldError || error instanceof FolderLockError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new FolderLockError(
      `cannot lock ${folder}: ${reason}. It must be a folder of a local file system that this user may write to`,
      { cause: error },
    );
  } finally {
    await rm(join(folder, own), { force: true }).catch(() => undefined); // the linked name stays
    await sockets?.close();
  }
}

/** Who holds the folder now; undefined when nobody does. */
export async function folderHolder(path: string): Promise<FolderHolder | "unknown" | undefined> {
  const folder = resolve(path);
  const highest = Math.max(0, ...(await generations(folder)));
  if (highest === 0) return undefined;
  const sockets = await openSocketFolder(folder);
  try {
    const answer = await askHolder(sockets.pathOf(lockFile(highest)));
    return answer.alive ? (answer.holder ?? "unknown") : undefined;
  } finally {
    await sockets.close();
  }
}

async function takeOver(folder: string, sockets: SocketFolder, own: string): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const highest = Math.max(0, ...(await generations(folder)));
    if (highest > 0) {
      const answer = await askHolder(sockets.pathOf(lockFile(highest)));
      if (answer.alive) throw new FolderHeldError(folder, answer.holder);
    }
    const generation = highest + 1;
    try {
      await link(join(folder, own), join(folder, lockFile(generation)));
    } catch (error) {
      if (isCode(error, "EEXIST")) continue; // another was faster
      throw error;
    }
    const seen = await generations(folder);
    if (Math.max(...seen) === generation && seen.includes(generation)) {
      await removeOld(folder, seen, generation);
      return;
    }
    // We slept through takeovers: this number is of the past.
    await rm(join(folder, lockFile(generation)), { force: true });
  }
  throw new FolderLockError(`cannot lock ${folder}: others took it ${MAX_ROUNDS} times in between`);
}

/** The one before stays: a listing that runs while two files come and go still shows one of them. */
async function removeOld(folder: string, seen: readonly number[], generation: number): Promise<void> {
  const old = seen.filter((other) => other < generation - 1);
  await Promise.all(old.map((other) => rm(join(folder, lockFile(other)), { force: true })));
}

async function generations(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => {
    const digits = LOCK_FILE.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

function lockFile(generation: number): string {
  return `.lock-${generation}`;
}

function heldLock(folder: string, server: Server): FolderLock {
  let released: Promise<void> | undefined;
  const release = (): Promise<void> => {
    released ??= close(server);
    return released;
  };
  return { path: folder, release, [Symbol.asyncDispose]: release };
}

function listen(path: string, mine: FolderHolder): Promise<Server> {
  return new Promise((resolvePromise, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.end(`${JSON.stringify(mine)}\n`);
    });
    server.once("error", reject);
    // For all: whoever may enter the folder, under another user too, must be able to see that nobody is there.
    server.listen({ path, exclusive: true, readableAll: true, writableAll: true }, () => {
      server.off("error", reject);
      // A fault of accept() must not end the process: who asks then sees a holder that does not answer.
      server.on("error", () => undefined);
      server.unref();
      resolvePromise(server);
    });
  });
}

async function close(server: Server | undefined): Promise<void> {
  if (server === undefined) return;
  await new Promise<void>((done) => {
    server.close(() => done());
  });
}

/** Paths for sockets in a folder, short enough for the kernel. */
interface SocketFolder {
  pathOf(name: string): string;
  close(): Promise<void>;
}

async function openSocketFolder(folder: string): Promise<SocketFolder> {
  const plain = (name: string): string => join(folder, name);
  if (Buffer.byteLength(plain(".lock-of-0123456789ab")) <= MAX_SOCKET_PATH) {
    return { pathOf: plain, close: () => Promise.resolve() };
  }
  if (process.platform !== "linux") {
    throw new FolderLockError(
      `cannot lock ${folder}: its path is longer than a Unix socket's may be; use a shorter DATA_DIR`,
    );
  }
  // The kernel limits the path that it is given, not the one it leads to.
  const handle = await open(folder, "r");
  return {
    pathOf: (name) => `/proc/self/fd/${handle.fd}/${name}`,
    close: () => handle.close(),
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
