import { chown, lchown, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FolderHeldError, type FolderLock, lockFolder } from "@fieldmesh/runtime";

/** Hashing a few passwords is what takes long; 32 slots need less than a second. */
const WAIT_LIMIT_MS = 30_000;
const RETRY_MS = 50;

/**
 * Does the work while nobody else edits the files beside `file`: two commands at a time would each write back what
 * the other had not seen. The lock dies with its owner.
 * @throws FolderHeldError after 30 s, naming the holder
 */
export async function inTurn<T>(file: string, work: () => Promise<T>): Promise<T> {
  const folder = join(dirname(file), ".editing");
  const lock = await waitForLock(folder);
  try {
    await leaveToOwner(folder);
    return await work();
  } finally {
    await lock.release();
  }
}

/** What root locks, the owner of the files must be able to lock after it. */
async function leaveToOwner(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(dirname(folder));
  for (const name of await readdir(folder)) await lchown(join(folder, name), uid, gid).catch(ignoreGone);
  await chown(folder, uid, gid);
}

/** Others come and go in the folder while they wait for their turn. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

async function waitForLock(folder: string): Promise<FolderLock> {
  const deadline = performance.now() + WAIT_LIMIT_MS;
  for (;;) {
    try {
      return await lockFolder(folder, "fieldmesh credentials");
    } catch (error) {
      if (!(error instanceof FolderHeldError) || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
