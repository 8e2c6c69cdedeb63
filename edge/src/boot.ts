import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkFormat, writeFileAtomic } from "@fieldmesh/runtime";

const BOOT_FILE = "boot.json";
const BOOT_FORMAT = 1;

/** Far above any clock and far below where whole numbers end: a boot beyond it was made up by somebody. */
export const MAX_BOOT = 2 ** 42;

/** What the number of a boot is made from; absent parts are not known. */
export interface BootSources {
  /** The last one that was stored, by the log or in the folder. */
  stored: number;
  /** The one in the node's own retained status. */
  announced?: number | undefined;
  /** Wall clock, ms. */
  now: number;
}

/** The greatest of stored + 1, announced + 1 and the Unix time in seconds: it never goes back. */
export function nextBoot({ stored, announced = 0, now }: BootSources): number {
  return Math.max(stored + 1, announced + 1, Math.floor(now / 1_000));
}

/** The boot that was stored last; 0 when none was. @throws FormatVersionError for a later version's file. */
export async function readBoot(folder: string): Promise<number> {
  const path = join(folder, BOOT_FILE);
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
  const kept = parseJson(content);
  if (kept === undefined) return 0; // damaged: the log, the broker and the clock know one too
  checkFormat(path, kept.format, BOOT_FORMAT);
  return typeof kept.boot === "number" && Number.isSafeInteger(kept.boot) ? kept.boot : 0;
}

/** Stores a boot; it is on the medium when this resolves. */
export async function storeBoot(folder: string, boot: number): Promise<void> {
  const content = `${JSON.stringify({ format: BOOT_FORMAT, boot })}\n`;
  await writeFileAtomic(join(folder, BOOT_FILE), content, 0o600);
}

function parseJson(text: string): { format?: unknown; boot?: unknown } | undefined {
  try {
    return (JSON.parse(text) as { format?: unknown; boot?: unknown } | null) ?? undefined;
  } catch {
    return undefined;
  }
}
