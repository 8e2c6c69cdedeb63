import type { SeqRange } from "@fieldmesh/protocol";
import type { Collection, IndexDeclarations, Storage, Stored } from "./collection.js";
import type { Series } from "./series.js";

/** What a restore asks of a collection beyond its port. */
export interface RestorableCollection<T extends object> extends Collection<T> {
  /**
   * Puts documents with the versions that they had. Their ids are not there yet.
   * @throws DocumentError; IndexError where they contradict a unique index.
   */
  restore(documents: readonly Stored<T>[]): Promise<void>;
}

/** What a backup and a restore ask of a storage beyond its port. */
export interface RestorableStorage extends Storage {
  collection<T extends object>(name: string, indexes: IndexDeclarations): Promise<RestorableCollection<T>>;
  /** Collections that were ever opened, by name, and the indexes that they were opened with last. */
  collections(): Promise<Map<string, IndexDeclarations>>;
}

/** What a restore asks of series beyond their port. */
export interface RestorableSeries extends Series {
  /**
   * Counts numbers of a boot as stored although their readings are not given: they were pruned before the backup
   * was taken.
   */
  markStored(stream: string, boot: number, ranges: readonly SeqRange[]): Promise<void>;
}
