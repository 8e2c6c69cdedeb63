import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import {
  BACKUP_FORMAT,
  type BackupCounts,
  BackupError,
  type BackupLine,
  LINE_KINDS,
} from "./backup-lines.js";

type End = Extract<BackupLine, { kind: "end" }>;

export interface BackupHead {
  at: string;
  /** Where it was taken from. */
  engine: { name: string; at: string };
}

/**
 * Reads a file to its end before anything of it is used.
 * @throws BackupError when it is no backup, not whole, changed, or of a later version.
 */
export async function verifyBackup(file: string): Promise<BackupHead & { counts: BackupCounts }> {
  const hash = createHash("sha256");
  let head: BackupHead | undefined;
  let end: End | undefined;
  for await (const text of textOf(file)) {
    if (end !== undefined) throw new BackupError(`${file} goes on after its end: take another backup`);
    const line = parse(file, text);
    if (head === undefined) {
      head = headOf(file, line);
    } else if (line.kind === "end") {
      end = line;
      continue;
    }
    hash.update(`${text}\n`);
  }
  if (head === undefined) throw notABackup(file);
  if (end === undefined) throw new BackupError(`${file} is not whole: it has no end; take another backup`);
  if (end.sha256 !== hash.digest("hex")) throw new BackupError(`${file} was changed: its checksum is wrong`);
  const { services, collections, documents, streams, readings, rollups } = end;
  return { ...head, counts: { services, collections, documents, streams, readings, rollups } };
}

/** The lines between head and end, of a file that was verified. */
export async function* readBackup(file: string): AsyncGenerator<BackupLine> {
  for await (const text of textOf(file)) {
    const line = parse(file, text);
    if (line.kind !== "fieldmesh-backup" && line.kind !== "end") yield line;
  }
}

/** The lines of a gzip file. */
async function* textOf(file: string): AsyncGenerator<string> {
  const gunzip = createGunzip();
  gunzip.setEncoding("utf8");
  createReadStream(file)
    .on("error", (error) => gunzip.destroy(error))
    .pipe(gunzip);
  let rest = "";
  try {
    for await (const chunk of gunzip) {
      const lines = `${rest}${String(chunk)}`.split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch (cause) {
    if (isMissing(cause)) throw new BackupError(`${file} is not there, or may not be read`, { cause });
    throw new BackupError(`${file} is no backup, or not whole`, { cause });
  }
  if (rest !== "") yield rest;
}

function parse(file: string, text: string): BackupLine {
  let line: { kind?: unknown } | null;
  try {
    line = JSON.parse(text) as { kind?: unknown } | null;
  } catch (cause) {
    throw new BackupError(`${file} is no backup, or was changed: a line of it is no JSON`, { cause });
  }
  if (!LINE_KINDS.has(line?.kind)) throw notABackup(file);
  return line as BackupLine;
}

function headOf(file: string, line: BackupLine): BackupHead {
  if (line.kind !== "fieldmesh-backup") throw notABackup(file);
  if (line.format !== BACKUP_FORMAT) {
    throw new BackupError(
      `${file} has format ${line.format}, from a later version of Fieldmesh; this one knows up to ${BACKUP_FORMAT}: use the later version`,
    );
  }
  return { at: line.at, engine: line.engine };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EACCES");
}

function notABackup(file: string): BackupError {
  return new BackupError(`${file} is no backup of Fieldmesh`);
}
