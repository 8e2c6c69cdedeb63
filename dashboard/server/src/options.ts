import type { Log, StorageAddress, TlsFiles } from "@fieldmesh/runtime";
import type { DashboardConfig } from "./config/schema.js";

/** Where the dashboard listens, what it connects to, and where it keeps its own. */
export interface DashboardOptions {
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
  /** `HISTORIAN_URL`: where `/api/history` is passed on to. */
  historian?: URL | undefined;
  /** `REGISTRY_URL`: where `/api/mesh` is passed on to. */
  registry?: URL | undefined;
  /** `DATA_DIR/dashboard`; locked while the dashboard runs. */
  folder: string;
  /** `STORAGE`: where alarms and notifications are kept; beside the folder by default, which makes it the same. */
  storage?: StorageAddress | undefined;
  /** From `DASHBOARD_CONFIG`. */
  config: DashboardConfig;
  /** Of the configuration file: paths in it start there, not in the working directory. */
  configFolder?: string | undefined;
  /** Folder of the built browser app; that of `@fieldmesh/web` by default. */
  web?: string;
}

/** The outside of the dashboard, replaced by tests. */
export interface DashboardWorld {
  log: Log;
  /** Holds the secrets that the configuration refers to by variable. */
  env?: Readonly<Record<string, string | undefined>>;
  clock?: () => number;
}
