import { join } from "node:path";
import { StorageError } from "./errors.js";
import { openLmdbSeries } from "./lmdb/lmdb-series.js";
import type { HoldFolder } from "./lmdb/lmdb-storage.js";
import type { StorageAddress } from "./open-storage.js";
import type { Series } from "./series.js";

export interface SeriesOptions {
  address: StorageAddress;
  /** Each service has its own part of a store: a folder in it, or the collections of its name. */
  service: string;
  /**
   * Holds the folder of the series for this process: `lockFolder` of the runtime. Left out where the service's
   * storage is open and holds the service's folder, in which the one of the series is.
   */
  hold?: HoldFolder;
  log: { info(fields: object, message: string): void };
}

/**
 * Opens a service's series; the address picks the adapter. Says in the log which database it is, its version and
 * where.
 * @throws StorageError saying what to do; what `hold` throws when another process has the folder.
 */
export async function openSeries({ address, service, hold, log }: SeriesOptions): Promise<Series> {
  if (address.kind === "mongodb") {
    throw new StorageError("STORAGE: this version keeps series in a folder only: set STORAGE to one");
  }
  const folder = join(address.path, service, "series");
  const series = await openLmdbSeries(folder, `series of ${service}`, hold);
  log.info({ ...series.engine }, "series opened");
  return series;
}
