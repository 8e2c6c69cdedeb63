import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A kept file is of a later version of Fieldmesh, or not one of its files. */
export class FormatVersionError extends Error {
  override readonly name = "FormatVersionError";
  readonly code = "format_version";
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

/**
 * Replaces a file as a whole: whoever reads it, also after a power cut, sees the old content or the new.
 * @param mode rights of the file, as 0o600.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}`);
  try {
    const file = await open(temporary, "wx", mode);
    try {
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
