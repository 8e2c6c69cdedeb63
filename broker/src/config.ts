import { type RawEnvironment, readEnvironment } from "@fieldmesh/runtime";

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
  /** How browsers reach this machine through a proxy; its host is taken in `Host` and `Origin` too. */
  publicUrl?: URL | undefined;
  /** Host names, beyond loopback, that a WebSocket request may carry in `Host` and `Origin`. */
  allowedHosts: readonly string[];
}

export const DEFAULT_CONFIG: BrokerConfig = {
  host: "127.0.0.1",
  port: 1883,
  tlsPort: 8883,
  allowedHosts: [],
};

/**
 * The configuration as the environment gives it.
 * @throws {EnvironmentError} that names the variable, its value and what is expected
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
      "ALLOWED_HOSTS",
      "PUBLIC_URL",
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
    allowedHosts: values.ALLOWED_HOSTS,
    publicUrl: values.PUBLIC_URL,
  };
}
