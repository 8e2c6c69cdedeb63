export { type BackupOptions, backupStore, type RestoreOptions, restoreStore } from "./backup/backup.js";
export { type BackupCounts, BackupError } from "./backup/backup-lines.js";
export type {
  Collection,
  Engine,
  IndexDeclaration,
  IndexDeclarations,
  IndexType,
  IndexValue,
  Page,
  Query,
  Range,
  Storage,
  Stored,
} from "./collection.js";
export {
  BlockError,
  DocumentError,
  IdTakenError,
  IndexError,
  QueryError,
  SampleError,
  StorageError,
  WriteFailedError,
} from "./errors.js";
export { acquireLease, type Lease, type LeaseClock, type LeaseDocument, type LeaseOptions } from "./lease.js";
export type { HeldFolder, HoldFolder } from "./lmdb/lmdb-storage.js";
export type { StoreLog } from "./mongodb/mongo-connection.js";
export { openSeries, type SeriesOptions } from "./open-series.js";
export { openStorage, type StorageAddress, type StorageOptions } from "./open-storage.js";
export { cutStretches, toColumns } from "./samples/sample-columns.js";
export {
  type Appended,
  type LevelSize,
  ROLLUP_MS,
  type Rollup,
  type RollupLevel,
  type Sample,
  type SampleColumns,
  type Series,
  type SeriesInfo,
  type TimeRange,
} from "./series.js";
export { StoreAwayError } from "./store-away-error.js";
export { upsert } from "./upsert.js";
