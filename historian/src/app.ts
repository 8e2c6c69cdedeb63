import { join } from "node:path";
import {
  type Closer,
  type MainContext,
  readEnvironment,
  readPem,
  readTls,
  storageAddress,
} from "@fieldmesh/runtime";
import { startHistorian } from "./historian.js";

/**
 * The historian as a process's whole work, set up from its environment.
 * @throws EnvironmentError and what `startHistorian` throws
 */
export async function runHistorian({
  env,
  log,
  stop,
}: Pick<MainContext, "env" | "log"> & Partial<Pick<MainContext, "stop">>): Promise<Closer> {
  const settings = readEnvironment(
    [
      "HOST",
      "HISTORIAN_PORT",
      "PUBLIC_URL",
      "ALLOWED_HOSTS",
      "TLS_CERT",
      "TLS_KEY",
      "DATA_DIR",
      "STORAGE",
      "STORAGE_USERNAME",
      "STORAGE_PASSWORD",
      "USERS_FILE",
      "MQTT_URL",
      "MQTT_USERNAME",
      "MQTT_PASSWORD",
      "MQTT_CA",
      "HISTORIAN_CONFIG",
      "REGISTRY_URL",
      "SERVICE_TOKEN",
    ],
    env,
  );
  const historian = await startHistorian(
    {
      host: settings.HOST,
      port: settings.HISTORIAN_PORT,
      tls: readTls(settings),
      publicUrl: settings.PUBLIC_URL,
      allowedHosts: settings.ALLOWED_HOSTS,
      usersFile: settings.USERS_FILE ?? join(settings.DATA_DIR, "users.yaml"),
      brokers: settings.MQTT_URL,
      mqtt: {
        username: settings.MQTT_USERNAME,
        password: settings.MQTT_PASSWORD,
        ca: settings.MQTT_CA === undefined ? undefined : readPem("MQTT_CA", settings.MQTT_CA),
      },
      folder: join(settings.DATA_DIR, "historian"),
      storage: storageAddress(settings),
      configFile: settings.HISTORIAN_CONFIG,
      registryUrl: settings.REGISTRY_URL,
      serviceToken: settings.SERVICE_TOKEN,
    },
    stop === undefined ? { log } : { log, stop },
  );
  log.info({ url: historian.url }, `historian at ${historian.url}`);
  return historian;
}
