import type { Log, StorageAddress, TlsFiles } from "@fieldmesh/runtime";
import type { RateLimit } from "./http/routes.js";
import type { RegistryLimits } from "./store/limits.js";

/** Where the registry listens, and where it keeps its own. */
export interface RegistryOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  tls?: TlsFiles | undefined;
  publicUrl?: URL | undefined;
  allowedHosts?: readonly string[];
  usersFile: string;
  /** `DATA_DIR/registry`; locked while the registry runs. */
  folder: string;
  /** `STORAGE`: where the catalogue is kept; in the folder by default. */
  storage?: StorageAddress | undefined;
  /** How many of each are kept. */
  limits?: Partial<RegistryLimits>;
  /** How often one client may ask. */
  rate?: RateLimit;
}

/** The outside of the registry, replaced by tests. */
export interface RegistryWorld {
  log: Log;
  /** Ends the process when it cannot go on but a fresh one can. */
  stop?: (reason: Error) => void;
  /** ms since the epoch. */
  clock?: () => number;
}
