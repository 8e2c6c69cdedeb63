import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readEnvironment } from "@fieldmesh/runtime";
import { ensureServiceCredential } from "../credentials/service-credential.js";
import { ensureServiceToken } from "../credentials/service-token.js";
import { ensureSlots } from "../credentials/slots.js";
import type { Terminal } from "../terminal.js";
import type { StartSettings } from "./settings.js";
import type { ServiceSpec } from "./supervised-service.js";

/** The two nodes that `start` runs, each with the built-in configuration of its name. */
const NODES = ["host", "greenhouse"] as const;

/** Services that read everything and send commands: at a broker with users each has a credential of its own. */
const CONSUMERS = ["registry", "historian", "dashboard"] as const;

export function isConsumer(service: string): boolean {
  return CONSUMERS.some((name) => name === service);
}

/** Where the services listen that people reach through the dashboard. */
export const INNER_HOST = "127.0.0.1";

const COMMAND = fileURLToPath(new URL("../../bin/fieldmesh.js", import.meta.url));

/** Everything that `start` runs, the broker first. */
export function planServices(settings: StartSettings, terminal: Terminal): ServiceSpec[] {
  const common: Record<string, string | undefined> = { ...terminal.env, DATA_DIR: settings.dataDir };
  // Set for a node of one's own, they would make every service here the same one.
  for (const name of ["NODE_ID", "EDGE_CONFIG", "MQTT_USERNAME", "MQTT_PASSWORD", "MQTT_PASSWORD_FILE"])
    delete common[name];
  const client = { ...common, MQTT_URL: settings.brokerUrl };
  const consumer = (name: (typeof CONSUMERS)[number], env: Record<string, string | undefined>) => ({
    name,
    args: [COMMAND, name],
    env:
      settings.credentials === undefined
        ? { ...client, ...env }
        : { ...client, ...env, MQTT_USERNAME: name, MQTT_PASSWORD_FILE: passwordFile(settings, name) },
  });
  // From elsewhere they are reached through the dashboard alone, over TLS where there is a certificate.
  const inner = {
    HOST: INNER_HOST,
    TLS_CERT: undefined,
    TLS_KEY: undefined,
    SERVICE_TOKEN_FILE: serviceTokenFile(settings),
  };
  const HISTORIAN_URL = `http://${INNER_HOST}:${settings.historianPort}`;
  const REGISTRY_URL = `http://${INNER_HOST}:${settings.registryPort}`;
  return [
    { name: "broker", args: [COMMAND, "broker"], env: common },
    consumer("registry", { ...inner, HISTORIAN_URL, PUBLIC_URL: settings.dashboardUrl }),
    consumer("historian", { ...inner, REGISTRY_URL }),
    consumer("dashboard", { HISTORIAN_URL, REGISTRY_URL }),
    ...NODES.map((node) => ({
      name: node,
      args: [COMMAND, "edge"],
      env: { ...client, NODE_ID: node, EDGE_CONFIG: node },
    })),
  ];
}

/**
 * What the services of this machine show each other; and where the broker has users, a credential of its own for each.
 */
export async function ensureOwnCredentials(settings: StartSettings, terminal: Terminal): Promise<void> {
  await ensureServiceToken([serviceTokenFile(settings)]);
  if (settings.credentials === undefined) return;
  const { DOMAIN } = readEnvironment(["DOMAIN"], terminal.env);
  for (const name of CONSUMERS) {
    await ensureServiceCredential(settings.credentials, name, passwordFile(settings, name));
  }
  await ensureSlots(settings.credentials, {
    ids: NODES,
    domain: DOMAIN,
    root: join(settings.dataDir, "edge"),
  });
}

function serviceTokenFile(settings: StartSettings): string {
  return join(settings.dataDir, "credentials", "service.token");
}

function passwordFile(settings: StartSettings, service: string): string {
  return join(settings.dataDir, "credentials", `${service}.password`);
}
