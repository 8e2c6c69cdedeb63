import { ConfigurationError, type RawEnvironment, readEnvironment } from "@fieldmesh/runtime";
import { DEFAULT_LIMITS, type Limits } from "./limits.js";

/** What the broker is told at its start. Every field has a default, so `{ port: 0 }` is a test's broker. */
export interface BrokerConfig {
  /** Address that the listeners bind to. Anything beyond loopback needs `passwordFile`. */
  host: string;
  /** Address of the listener without TLS; absent = `host`, or loopback when that is open to others and there is a certificate. */
  plainHost?: string | undefined;
  /** MQTT over TCP; 0 = any free port. */
  port: number;
  /** MQTT over TLS; only opened when `tlsCert` and `tlsKey` are given; 0 = any free port. */
  tlsPort: number;
  /** MQTT over WebSocket (over TLS when there is a certificate); absent = no such listener; 0 = any free port. */
  wsPort?: number | undefined;
  /** Path of the PEM certificate chain. */
  tlsCert?: string | undefined;
  /** Path of the PEM private key. */
  tlsKey?: string | undefined;
  /** Path of a `password_file` in Mosquitto's format. Absent: anonymous, on loopback only. */
  passwordFile?: string | undefined;
  /** Path of an `acl_file` in Mosquitto's format. Absent: a client that is let in may do all but write `$SYS`. */
  aclFile?: string | undefined;
  /** Path of the file in the format of Mosquitto's dynamic-security plugin. Absent: its clients end with the broker. */
  dynamicSecurityFile?: string | undefined;
  /** How browsers reach this machine through a proxy; its host is taken in `Host` and `Origin` too. */
  publicUrl?: URL | undefined;
  /** Host names, beyond loopback, that a WebSocket request may carry in `Host` and `Origin`. */
  allowedHosts: readonly string[];
  /** What is not named here is as in {@link DEFAULT_LIMITS}. */
  limits: Partial<Limits>;
}

export const DEFAULT_CONFIG: BrokerConfig = {
  host: "127.0.0.1",
  port: 1883,
  tlsPort: 8883,
  allowedHosts: [],
  limits: {},
};

/**
 * The configuration as the environment gives it.
 * @throws {EnvironmentError} that names the variable, its value and what is expected
 * @throws {ConfigurationError} when two of them contradict one another
 */
export function readBrokerConfig(env: RawEnvironment = process.env): BrokerConfig {
  const values = readEnvironment(
    [
      "HOST",
      "MQTT_PLAIN_HOST",
      "MQTT_PORT",
      "MQTT_TLS_PORT",
      "MQTT_WS_PORT",
      "TLS_CERT",
      "TLS_KEY",
      "PASSWORD_FILE",
      "ACL_FILE",
      "DYNAMIC_SECURITY_FILE",
      "ALLOWED_HOSTS",
      "PUBLIC_URL",
      "MQTT_MAX_CLIENTS",
      "MQTT_MAX_PACKET",
      "MQTT_QUEUE_WAIT",
      "MQTT_QUEUE_MAX",
      "MQTT_SESSION_MESSAGES",
      "MQTT_SESSION_EXPIRY",
    ],
    env,
  );
  return {
    host: values.HOST,
    plainHost: values.MQTT_PLAIN_HOST,
    port: values.MQTT_PORT,
    tlsPort: values.MQTT_TLS_PORT,
    wsPort: values.MQTT_WS_PORT,
    tlsCert: values.TLS_CERT,
    tlsKey: values.TLS_KEY,
    passwordFile: values.PASSWORD_FILE,
    aclFile: values.ACL_FILE,
    dynamicSecurityFile: values.DYNAMIC_SECURITY_FILE,
    allowedHosts: values.ALLOWED_HOSTS,
    publicUrl: values.PUBLIC_URL,
    limits: limitsOf(values),
  };
}

interface LimitVariables {
  MQTT_MAX_CLIENTS: number;
  MQTT_MAX_PACKET: number;
  MQTT_QUEUE_WAIT: number;
  MQTT_QUEUE_MAX: number;
  MQTT_SESSION_MESSAGES: number;
  MQTT_SESSION_EXPIRY: number;
}

function limitsOf(values: LimitVariables): Partial<Limits> {
  const { MQTT_MAX_CLIENTS: clients, MQTT_MAX_PACKET: packetBytes } = values;
  const { MQTT_QUEUE_WAIT: softQueueBytes, MQTT_QUEUE_MAX: hardQueueBytes } = values;
  if (hardQueueBytes < softQueueBytes + packetBytes) {
    throw new ConfigurationError(
      `MQTT_QUEUE_MAX of ${hardQueueBytes} B is less than MQTT_QUEUE_WAIT and MQTT_MAX_PACKET together, ${softQueueBytes} + ${packetBytes} B: one packet would have a reader disconnected that keeps up; give more to the first, or less to the others`,
    );
  }
  const { connections, sessions, clients: usualClients } = DEFAULT_LIMITS;
  return {
    clients,
    connections: Math.ceil((clients * connections) / usualClients),
    sessions: Math.ceil((clients * sessions) / usualClients),
    packetBytes,
    softQueueBytes,
    hardQueueBytes,
    queuedMessages: values.MQTT_SESSION_MESSAGES,
    sessionExpiryMs: values.MQTT_SESSION_EXPIRY,
  };
}
