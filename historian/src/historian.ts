import { dirname } from "node:path";
import { type ConsumerClock, lockFolder, Owned } from "@fieldmesh/runtime";
import { createConfiguration } from "./configuration/configuration.js";
import { startFace } from "./face.js";
import type { HistorianOptions, HistorianWorld } from "./options.js";
import { openParts } from "./parts.js";
import { createReads } from "./reads.js";
import { openStores } from "./stores.js";
import { startWriter } from "./writer.js";

export interface Historian {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts the historian: takes up what it kept, listens, connects to the brokers.
 * @throws ConfigurationError, FolderHeldError, StorageError and others that name what to change
 */
export async function startHistorian(options: HistorianOptions, world: HistorianWorld): Promise<Historian> {
  const owned = new Owned();
  try {
    const { url, port } = await compose(options, world, owned);
    return { url, port, close: () => owned.close() };
  } catch (error) {
    await owned.close();
    throw error;
  }
}

async function compose(
  options: HistorianOptions,
  { log, clock = Date.now, openStores: open = openStores }: HistorianWorld,
  owned: Owned,
): Promise<{ url: string; port: number }> {
  const { folder } = options;
  const lock = await lockFolder(folder, "historian");
  owned.own(() => lock.release());
  const configuration = await createConfiguration({
    file: options.configFile,
    registryUrl: options.registryUrl,
    folder,
    log,
  });
  owned.own(() => configuration.close());
  const stores = await open(options.storage ?? { kind: "folder", path: dirname(folder) }, folder, log);
  owned.own(() => stores.close());
  const times: ConsumerClock = { now: clock, monotonic: () => performance.now() };
  const parts = await openParts(stores, { configuration, clock: times, log });
  const writer = await startWriter({ options, parts, clock: times, log });
  owned.own(() => writer.close());
  const face = await startFace({
    options,
    log,
    clock,
    reads: createReads(parts, () => writer),
    health: () => {
      const { ingest, checkpointAt } = writer;
      return {
        ok: !ingest.stuck,
        ...(checkpointAt === undefined ? {} : { checkpoint: new Date(checkpointAt).toISOString() }),
        ...(ingest.failure === undefined ? {} : { reason: ingest.failure.message }),
      };
    },
  });
  owned.own(() => face.close());
  configuration.start();
  return face;
}
