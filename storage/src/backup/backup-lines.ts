import type { SeqRange } from "@fieldmesh/protocol";
import type { Engine, IndexDeclarations } from "../collection.js";
import type { RollupLevel } from "../series.js";

/** Of the file; one of a later version is refused by name. */
export const BACKUP_FORMAT = 1;

/**
 * A backup is a gzip file of lines of JSON: a head; of each service its collections with their documents, and its
 * streams with numbers, readings and rollups (blocks as the embedded store keeps them, in base64: exact, and with a
 * format and a checksum of their own); and an end with counts and a checksum of all lines before it.
 */
export type BackupLine =
  | { kind: "fieldmesh-backup"; format: number; at: string; engine: Engine }
  | { kind: "service"; service: string }
  | { kind: "collection"; collection: string; indexes: IndexDeclarations }
  | { kind: "document"; id: string; version: number; document: object }
  | { kind: "stream"; stream: string }
  | { kind: "readings"; block: string }
  | { kind: "rollups"; level: RollupLevel; rows: string }
  | { kind: "numbers"; boot: number; ranges: SeqRange[] }
  | ({ kind: "end"; sha256: string } & BackupCounts);

export const LINE_KINDS: ReadonlySet<unknown> = new Set<BackupLine["kind"]>([
  "fieldmesh-backup",
  "service",
  "collection",
  "document",
  "stream",
  "readings",
  "rollups",
  "numbers",
  "end",
]);

/** What a backup holds. */
export interface BackupCounts {
  services: number;
  collections: number;
  documents: number;
  streams: number;
  readings: number;
  rollups: number;
}

export function noCounts(): BackupCounts {
  return { services: 0, collections: 0, documents: 0, streams: 0, readings: 0, rollups: 0 };
}

/** A file is no backup, not whole, or of a later version; or a store cannot take it. The message says what to do. */
export class BackupError extends Error {
  override readonly name = "BackupError";
  readonly code = "backup";
}
