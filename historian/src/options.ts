import type { Log, StorageAddress, TlsFiles } from "@fieldmesh/runtime";
import type { IngestLimits } from "./ingest/ingest-options.js";
import type { openStores } from "./stores.js";

/** Where the historian listens, what it connects to, and where it keeps its own. */
export interface HistorianOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  tls?: TlsFiles | undefined;
  publicUrl?: URL | undefined;
  allowedHosts?: readonly string[];
  usersFile: string;
  /** One list of addresses for each broker. */
  brokers: readonly (readonly string[])[];
  mqtt?: { username?: string | undefined; password?: string | undefined; ca?: Buffer | undefined };
  /** `DATA_DIR/historian`; locked while the historian runs. */
  folder: string;
  /** `STORAGE`: where the history is kept; in the folder by default. */
  storage?: StorageAddress | undefined;
  /** `HISTORIAN_CONFIG`: the file that says what is promised and how long readings are kept. */
  configFile?: string | undefined;
  /** Where the registry serves the same, as an alternative. */
  registryUrl?: URL | undefined;
  /** `SERVICE_TOKEN`: by which the registry and this one know each other. */
  serviceToken?: string | undefined;
  /** Bounds of what waits for the store in memory. */
  ingest?: Partial<IngestLimits>;
  /** Bound of what waits for the store on disk; default 256 MiB. */
  spillBytes?: number;
}

/** The outside of the historian, replaced by tests. */
export interface HistorianWorld {
  log: Log;
  /** Ends the process when it cannot go on but a fresh one can. */
  stop?: (reason: Error) => void;
  clock?: () => number;
  /** Opens the store that the options name; replaced by faults that a real one cannot be brought to. */
  openStores?: typeof openStores;
}
