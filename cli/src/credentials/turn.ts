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
  const lock = await waitForLock(join(dirname(file), ".editing"));
  try {
    return await work();
  } finally {
    await lock.release();
  }
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
