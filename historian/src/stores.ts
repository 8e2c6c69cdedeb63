import { resolve } from "node:path";
import { type Log, lockFolder, type StorageAddress } from "@fieldmesh/runtime";
import { openSeries, openStorage, type Series, type Storage } from "@fieldmesh/storage";

/** The historian's part of a store: its documents and its readings. */
export interface Stores {
  readonly storage: Storage;
  readonly series: Series;
  close(): Promise<void>;
}

/** The owner of the lock releases it. */
const HELD = { release: () => Promise.resolve() };

/**
 * Opens the historian's part of a store. A MongoDB that is away is no fault: its calls fail until it is there.
 * @param heldFolder a folder that this process has locked already
 * @throws StorageError, FolderHeldError
 */
export async function openStores(address: StorageAddress, heldFolder: string, log: Log): Promise<Stores> {
  const storage = await openStorage({
    address,
    service: "historian",
    log,
    hold: (path, holder) =>
      resolve(path) === resolve(heldFolder) ? Promise.resolve(HELD) : lockFolder(path, holder),
  });
  try {
    // Within the folder that is held for the documents.
    const series = await openSeries({
      address,
      service: "historian",
      hold: () => Promise.resolve(HELD),
      log,
      // One broken block must not keep the rest of a stream, or other streams, from being rolled up and read.
      onBroken: (error) => log.error({ err: error, stream: error.stream }, "readings passed over"),
    });
    return {
      storage,
      series,
      close: async () => {
        try {
          await series.close();
        } finally {
          await storage.close();
        }
      },
    };
  } catch (error) {
    await storage.close();
    throw error;
  }
}
