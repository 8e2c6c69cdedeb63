import { randomBytes } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigurationError } from "../process/exit.js";

/** A kept file is of a later version of Fieldmesh, or not one of its files. */
export class FormatVersionError extends ConfigurationError {
  override readonly name = "FormatVersionError";
  override readonly code = "format_version";
  readonly file: string;

  constructor(file: string, found: unknown, known: number) {
    const what =
      typeof found === "number" && found > known
        ? `has format ${found}, from a later version of Fieldmesh; this one knows up to ${known}: use the later version`
        : `has no format version that this version knows (1 to ${known}); found ${JSON.stringify(found) ?? "none"}`;
    super(`${file} ${what}`);
    this.file = file;
  }
}

/** Checks the `format` of a kept file. @throws FormatVersionError naming the file. */
export function checkFormat(file: string, found: unknown, known: number): void {
  if (typeof found !== "number" || !Number.isInteger(found) || found < 1 || found > known) {
    throw new FormatVersionError(file, found, known);
  }
}

/** Whose a file is. */
export interface Owner {
  uid: number;
  gid: number;
}

/**
 * Replaces a file as a whole: whoever reads it, also after a power cut, sees the old content or the new.
 * Root, who may give files away, leaves it to whom it belonged, or a new one to the folder's owner: a command run
 * as root must not lock out the service that reads the file.
 * @param mode rights of the file, as 0o600.
 * @param owner for root: whom to give it to instead.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  mode: number,
  owner?: Owner,
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}`);
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.chmod(mode); // the umask may have taken some
      if (process.getuid?.() === 0) {
        const { uid, gid } = owner ?? (await ownerOf(path)) ?? (await stat(folder));
        await file.chown(uid, gid);
      }
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // The rename itself is safe once the folder is.
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function ownerOf(path: string): Promise<Owner | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
