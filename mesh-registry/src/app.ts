import { join } from "node:path";
import { type Closer, type MainContext, readEnvironment, readTls, storageAddress } from "@fieldmesh/runtime";
import { startRegistry } from "./registry.js";

/**
 * The registry as a process's whole work, set up from its environment.
 * @throws EnvironmentError and what `startRegistry` throws
 */
export async function runRegistry({
  env,
  log,
  stop,
}: Pick<MainContext, "env" | "log"> & Partial<Pick<MainContext, "stop">>): Promise<Closer> {
  const settings = readEnvironment(
    [
      "HOST",
      "REGISTRY_PORT",
      "PUBLIC_URL",
      "ALLOWED_HOSTS",
      "TLS_CERT",
      "TLS_KEY",
      "DATA_DIR",
      "STORAGE",
      "STORAGE_USERNAME",
      "STORAGE_PASSWORD",
      "USERS_FILE",
    ],
    env,
  );
  const registry = await startRegistry(
    {
      host: settings.HOST,
      port: settings.REGISTRY_PORT,
      tls: readTls(settings),
      publicUrl: settings.PUBLIC_URL,
      allowedHosts: settings.ALLOWED_HOSTS,
      usersFile: settings.USERS_FILE ?? join(settings.DATA_DIR, "users.yaml"),
      folder: join(settings.DATA_DIR, "registry"),
      storage: storageAddress(settings),
    },
    stop === undefined ? { log } : { log, stop },
  );
  log.info({ url: registry.url }, `registry at ${registry.url}`);
  return registry;
}
