import { join } from "node:path";
import {
  type Closer,
  type MainContext,
  readEnvironment,
  readPem,
  readTls,
  storageAddress,
} from "@fieldmesh/runtime";
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
      "ALLOWED_ORIGINS",
      "TLS_CERT",
      "TLS_KEY",
      "DATA_DIR",
      "STORAGE",
      "STORAGE_USERNAME",
      "STORAGE_PASSWORD",
      "USERS_FILE",
      "SERVICE_TOKEN",
      "HISTORIAN_URL",
      "MQTT_URL",
      "MQTT_USERNAME",
      "MQTT_PASSWORD",
      "MQTT_CA",
      "PUBLIC_MQTT_URL",
    ],
    env,
  );
  const [urls = [], ...others] = settings.MQTT_URL;
  if (others.length > 0) {
    log.warn({ left: others.flat() }, "the registry connects to one broker: the first of MQTT_URL");
  }
  const registry = await startRegistry(
    {
      host: settings.HOST,
      port: settings.REGISTRY_PORT,
      tls: readTls(settings),
      publicUrl: settings.PUBLIC_URL,
      allowedHosts: settings.ALLOWED_HOSTS,
      allowedOrigins: settings.ALLOWED_ORIGINS,
      usersFile: settings.USERS_FILE ?? join(settings.DATA_DIR, "users.yaml"),
      serviceToken: settings.SERVICE_TOKEN,
      historianUrl: settings.HISTORIAN_URL,
      folder: join(settings.DATA_DIR, "registry"),
      storage: storageAddress(settings),
      publicBrokers: settings.PUBLIC_MQTT_URL?.flat(),
      broker: {
        urls,
        username: settings.MQTT_USERNAME,
        password: settings.MQTT_PASSWORD,
        ca: settings.MQTT_CA === undefined ? undefined : readPem("MQTT_CA", settings.MQTT_CA),
      },
    },
    stop === undefined ? { log } : { log, stop },
  );
  log.info({ url: registry.url }, `registry at ${registry.url}`);
  return registry;
}
