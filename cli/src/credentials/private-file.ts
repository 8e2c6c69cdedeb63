import { chown, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Whose a file is; only root can give files away. */
export interface Owner {
  uid: number;
  gid: number;
}

/** Owner only: Mosquitto 2.1 warns of more, and later versions will refuse. */
const FILE_MODE = 0o600;

/** The file's text, or "" where there is none yet. */
export async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/**
 * Writes a file so that a reader sees the old text or the new one, never a part, and a crash leaves one of them:
 * temporary file, flush, rename. Mode 0600. The owner stays the one that the file had, or is the folder's for a new
 * file, or `owner`: run as root beside a broker with a user of its own, that is what lets the broker read it.
 */
export async function writePrivateFile(path: string, text: string, owner?: Owner): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w", FILE_MODE);
  try {
    await file.chmod(FILE_MODE); // a umask or an older temporary file may have left another
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    const to = owner ?? (await ownerOf(path)) ?? (await ownerOf(folder));
    if (to !== undefined && process.getuid?.() === 0) await chown(temporary, to.uid, to.gid);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushFolder(folder);
}

/** A rename is only safe once its folder is. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function ownerOf(path: string): Promise<Owner | undefined> {
  try {
    const { uid, gid } = await stat(path);
    return { uid, gid };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
