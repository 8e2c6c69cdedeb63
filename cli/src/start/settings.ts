import { isLoopback, plainMqttHost, readEnvironment } from "@fieldmesh/runtime";
import { UsageError } from "../exit.js";
import type { Terminal } from "../terminal.js";
import { reachableHost, urlHost, type WantedPort } from "./ports.js";

/** What `fieldmesh start` was told by the environment. */
export interface StartSettings {
  host: string;
  dataDir: string;
  dashboardPort: number;
  historianPort: number;
  registryPort: number;
  mqttPort: number;
  tls: boolean;
  ports: WantedPort[];
  /** Where the services of this machine find the broker. */
  brokerUrl: string;
  /** Where a person finds the dashboard. */
  dashboardUrl: string;
  /** The broker wants credentials: the services that are started here get their own. */
  credentials?: { passwordFile: string; aclFile: string };
}

/**
 * @throws EnvironmentError for a malformed variable; UsageError for a HOST beyond loopback without credentials
 */
export function readStartSettings(terminal: Terminal): StartSettings {
  const env = readEnvironment(
    [
      "HOST",
      "DATA_DIR",
      "DASHBOARD_PORT",
      "HISTORIAN_PORT",
      "REGISTRY_PORT",
      "MQTT_PORT",
      "MQTT_TLS_PORT",
      "MQTT_PLAIN_HOST",
      "MQTT_WS_PORT",
      "TLS_CERT",
      "TLS_KEY",
      "PASSWORD_FILE",
      "ACL_FILE",
      "PUBLIC_URL",
    ],
    terminal.env,
  );
  const tls = env.TLS_CERT !== undefined;
  if (tls !== (env.TLS_KEY !== undefined))
    throw new UsageError("TLS_CERT and TLS_KEY go together: set both or neither");
  if (!isLoopback(env.HOST) && env.PASSWORD_FILE === undefined) {
    throw new UsageError(
      `HOST=${env.HOST} lets other machines in, and the broker has no users: set PASSWORD_FILE and ACL_FILE (\`fieldmesh credentials add …\` writes them) and add a user of the dashboard (\`fieldmesh users add …\`)`,
    );
  }
  if (env.PASSWORD_FILE !== undefined && env.ACL_FILE === undefined) {
    throw new UsageError("PASSWORD_FILE without ACL_FILE lets every user do everything: set both");
  }
  const ports: WantedPort[] = [
    { service: "dashboard", variable: "DASHBOARD_PORT", port: env.DASHBOARD_PORT },
    { service: "historian", variable: "HISTORIAN_PORT", port: env.HISTORIAN_PORT },
    { service: "registry", variable: "REGISTRY_PORT", port: env.REGISTRY_PORT },
    { service: "broker", variable: "MQTT_PORT", port: env.MQTT_PORT },
    { service: "broker", variable: "MQTT_WS_PORT", port: env.MQTT_WS_PORT },
  ];
  if (tls) ports.push({ service: "broker", variable: "MQTT_TLS_PORT", port: env.MQTT_TLS_PORT });
  for (const { variable, port } of ports) {
    if (port === 0)
      throw new UsageError(`${variable}=0: \`start\` needs a port that it can tell you and its services`);
  }
  const local = urlHost(reachableHost(env.HOST));
  return {
    host: env.HOST,
    dataDir: env.DATA_DIR,
    dashboardPort: env.DASHBOARD_PORT,
    historianPort: env.HISTORIAN_PORT,
    registryPort: env.REGISTRY_PORT,
    mqttPort: env.MQTT_PORT,
    tls,
    ports,
    brokerUrl: `mqtt://${urlHost(reachableHost(plainMqttHost(env)))}:${env.MQTT_PORT}`,
    dashboardUrl:
      env.PUBLIC_URL?.href ??
      `${tls ? "https" : "http"}://${local === "127.0.0.1" ? "localhost" : local}:${env.DASHBOARD_PORT}`,
    ...(env.PASSWORD_FILE === undefined || env.ACL_FILE === undefined
      ? {}
      : { credentials: { passwordFile: env.PASSWORD_FILE, aclFile: env.ACL_FILE } }),
  };
}
