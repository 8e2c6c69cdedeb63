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
  /** `ALLOWED_ORIGINS`: pages elsewhere that may call with a token. */
  allowedOrigins?: readonly string[];
  usersFile: string;
  /** `SERVICE_TOKEN`: by which the historian and this one know each other. */
  serviceToken?: string | undefined;
  /** `HISTORIAN_URL`: where the data of products is read. */
  historianUrl?: URL | undefined;
  /** `DATA_DIR/registry`; locked while the registry runs. */
  folder: string;
  /** `STORAGE`: where the catalogue is kept; in the folder by default. */
  storage?: StorageAddress | undefined;
  /** Without one nothing is observed and nothing announced. */
  broker?: BrokerOptions | undefined;
  /** `PUBLIC_MQTT_URL`: addresses of that broker as consumers reach it; without them, its own. */
  publicBrokers?: readonly string[] | undefined;
  /** How many of each are kept. */
  limits?: Partial<RegistryLimits>;
  /** How often one client may ask. */
  rate?: RateLimit;
}

/** The broker whose streams are recorded, and where products are announced. */
export interface BrokerOptions {
  /** Addresses of it, tried in turn. */
  urls: readonly string[];
  username?: string | undefined;
  password?: string | undefined;
  /** Certificates (PEM) to check its own against. */
  ca?: Buffer | undefined;
}

/** The outside of the registry, replaced by tests. */
export interface RegistryWorld {
  log: Log;
  /** Ends the process when it cannot go on but a fresh one can. */
  stop?: (reason: Error) => void;
  /** ms since the epoch. */
  clock?: () => number;
}
