import { join } from "node:path";
import type { BlockError } from "./errors.js";
import { openLmdbSeries } from "./lmdb/lmdb-series.js";
import type { HoldFolder } from "./lmdb/lmdb-storage.js";
import type { StoreLog } from "./mongodb/mongo-connection.js";
import { openMongoSeries } from "./mongodb/series/mongo-series.js";
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
  log: StoreLog;
  /**
   * Told of a block that cannot be read, by ranges that do not say themselves whom to tell: it is passed over then.
   * Without it such a range ends with the error. Of the embedded store; MongoDB looks after its own bytes.
   */
  onBroken?: (error: BlockError) => void;
}

/**
 * Opens a service's series; the address picks the adapter. Says in the log which database it is, its version and
 * where.
 * @throws StorageError saying what to do; what `hold` throws when another process has the folder.
 */
export async function openSeries({ address, service, hold, log, onBroken }: SeriesOptions): Promise<Series> {
  if (address.kind === "mongodb") return openMongoSeries({ url: address.url, service, log });
  const folder = join(address.path, service, "series");
  const series = await openLmdbSeries(folder, `series of ${service}`, hold, onBroken);
  log.info({ ...series.engine }, "series opened");
  return series;
}
