import { dirname, join } from "node:path";
import {
  type Closer,
  type MainContext,
  readEnvironment,
  readPem,
  readTls,
  storageAddress,
} from "@fieldmesh/runtime";
import { defaultDashboardConfig, readDashboardConfig } from "./config/read-config.js";
import { startDashboard } from "./dashboard.js";

/**
 * The dashboard as a process's whole work, set up from its environment.
 * @throws EnvironmentError, ConfigFileError and what `startDashboard` throws
 */
export async function runDashboard({ env, log }: Pick<MainContext, "env" | "log">): Promise<Closer> {
  const settings = readEnvironment(
    [
      "HOST",
      "DASHBOARD_PORT",
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
      "DASHBOARD_CONFIG",
      "HISTORIAN_URL",
      "REGISTRY_URL",
    ],
    env,
  );
  const config =
    settings.DASHBOARD_CONFIG === undefined
      ? defaultDashboardConfig()
      : await readDashboardConfig(settings.DASHBOARD_CONFIG);
  const dashboard = await startDashboard(
    {
      host: settings.HOST,
      port: settings.DASHBOARD_PORT,
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
      historian: settings.HISTORIAN_URL,
      registry: settings.REGISTRY_URL,
      folder: join(settings.DATA_DIR, "dashboard"),
      storage: storageAddress(settings),
      config,
      configFolder: settings.DASHBOARD_CONFIG === undefined ? undefined : dirname(settings.DASHBOARD_CONFIG),
    },
    { log, env },
  );
  log.info({ url: dashboard.url }, `dashboard at ${dashboard.url.replace("//127.0.0.1:", "//localhost:")}`);
  return dashboard;
}
