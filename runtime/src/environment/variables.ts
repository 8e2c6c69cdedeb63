import {
  brokers,
  count,
  duration,
  host,
  hostList,
  httpUrl,
  name,
  oneOf,
  originList,
  type Parser,
  path,
  port,
  serviceToken,
  size,
  storage,
  text,
} from "./parsers.js";

/** The declaration of one variable. The table of docs/configuration.md is tested against it. */
export interface Variable<T> {
  parse: Parser<T>;
  /** What stands in when it is not set, `$DATA_DIR` for that variable's value; none: the value is undefined. */
  default?: string;
  /** Never shown, and may also come from the file that `<NAME>_FILE` names (as Docker's secrets do). */
  secret?: true;
  /** What it expects, in words, for the documentation. */
  expects: string;
  description: string;
}

const PORT = "a port, 0 to 65535";

/** Every variable of every service. */
export const VARIABLES = {
  MQTT_URL: {
    parse: brokers,
    default: "mqtt://127.0.0.1:1883",
    expects: "`mqtt://`, `mqtts://`, `ws://` or `wss://` addresses",
    description:
      "Where the broker is. Several addresses of one broker with commas are tried in turn; a consumer may be given several brokers, separated by spaces, and connects to all.",
  },
  MQTT_USERNAME: { parse: text, expects: "text", description: "User at the broker." },
  MQTT_PASSWORD: {
    parse: text,
    secret: true,
    expects: "text",
    description: "Password at the broker.",
  },
  MQTT_CA: {
    parse: path,
    expects: "a file",
    description:
      "Certificates (PEM) that the broker's is checked against, where the system's do not know it.",
  },
  PUBLIC_MQTT_URL: {
    parse: brokers,
    expects: "`mqtt://`, `mqtts://`, `ws://` or `wss://` addresses",
    description:
      "How consumers of data products reach the broker, where that is not the registry's `MQTT_URL`: behind a proxy, or from outside of its network.",
  },
  MQTT_PORT: { parse: port, default: "1883", expects: PORT, description: "The broker's port for MQTT." },
  MQTT_PLAIN_HOST: {
    parse: host,
    expects: "an IP address or host name",
    description:
      "Address of the broker's listener without TLS; when not set, `HOST`, but with `TLS_CERT` and a `HOST` beyond loopback `127.0.0.1`: passwords would cross the network in the clear.",
  },
  MQTT_TLS_PORT: {
    parse: port,
    default: "8883",
    expects: PORT,
    description: "The broker's port for MQTT over TLS; it listens there when `TLS_CERT` is set.",
  },
  MQTT_WS_PORT: {
    parse: port,
    default: "9001",
    expects: PORT,
    description: "The broker's port for MQTT over WebSocket.",
  },
  DASHBOARD_PORT: { parse: port, default: "3000", expects: PORT, description: "The dashboard's port." },
  REGISTRY_PORT: { parse: port, default: "8000", expects: PORT, description: "The registry's port." },
  HISTORIAN_PORT: { parse: port, default: "8100", expects: PORT, description: "The historian's port." },
  HOST: {
    parse: host,
    default: "127.0.0.1",
    expects: "an IP address or host name",
    description:
      "Address that every listener binds to; for MQTT without TLS see `MQTT_PLAIN_HOST`. Beyond loopback (`0.0.0.0`, say) needs credentials: without them the service refuses to start.",
  },
  PUBLIC_URL: {
    parse: httpUrl,
    expects: "an `http://` or `https://` address",
    description: "How browsers reach the dashboard, where that is not its own host and port: behind a proxy.",
  },
  ALLOWED_HOSTS: {
    parse: hostList,
    default: "",
    expects: "host names with or without a port, separated by commas",
    description: "Further values of a request's `Host` and `Origin` that are taken.",
  },
  ALLOWED_ORIGINS: {
    parse: originList,
    default: "",
    expects: "origins as `https://app.example.org`, separated by commas",
    description:
      "Pages elsewhere that may call the registry with a token of their own (CORS); cookies are never taken from them.",
  },
  TLS_CERT: {
    parse: path,
    expects: "a file",
    description: "Certificate chain (PEM) of every listener; with `TLS_KEY`.",
  },
  TLS_KEY: { parse: path, expects: "a file", description: "Private key (PEM) of `TLS_CERT`." },
  DATA_DIR: {
    parse: path,
    default: ".fieldmesh",
    expects: "a folder",
    description: "Where everything is kept; each service owns and locks its own folder in it.",
  },
  STORAGE: {
    parse: storage,
    expects: "a folder, or `mongodb://…`",
    description:
      "Where documents and history are kept, each service in its own part; when not set, in the service's folder of `DATA_DIR`.",
  },
  STORAGE_USERNAME: {
    parse: text,
    expects: "text",
    description: "User at the MongoDB server, with `STORAGE_PASSWORD`; `fieldmesh` when not set.",
  },
  STORAGE_PASSWORD: {
    parse: text,
    secret: true,
    expects: "text",
    description: "Password at the MongoDB server, where it is not in the address.",
  },
  DOMAIN: {
    parse: name("domain"),
    default: "env",
    expects: "a name",
    description: "Domain of the data mesh: the first level of a node's topics.",
  },
  NODE_ID: {
    parse: name("node"),
    expects: "a name",
    description: "The edge node's name; when not set, it takes the first free slot of `DATA_DIR/edge`.",
  },
  EDGE_CONFIG: {
    parse: path,
    expects: "a YAML file, or `host` or `greenhouse`",
    description:
      "Sensors of the edge node; `host` when not set. The two names are configurations that are built in.",
  },
  DASHBOARD_CONFIG: {
    parse: path,
    expects: "a YAML file",
    description: "Notification channels and other settings of the dashboard.",
  },
  HISTORIAN_CONFIG: {
    parse: path,
    expects: "a YAML file",
    description: "What is promised of which stream, and how long readings are kept.",
  },
  REGISTRY_URL: {
    parse: httpUrl,
    expects: "an `http://` or `https://` address",
    description: "Where the registry is.",
  },
  HISTORIAN_URL: {
    parse: httpUrl,
    expects: "an `http://` or `https://` address",
    description: "Where the historian is.",
  },
  PASSWORD_FILE: {
    parse: path,
    expects: "a file",
    description: "Users of the broker, in Mosquitto's `password_file` format.",
  },
  ACL_FILE: {
    parse: path,
    expects: "a file",
    description: "Who may what at the broker, in Mosquitto's `acl_file` format.",
  },
  DYNAMIC_SECURITY_FILE: {
    parse: path,
    default: "$DATA_DIR/broker/dynamic-security.json",
    expects: "a file",
    description:
      "Clients and roles of the broker that are changed while it runs, in the format of Mosquitto's dynamic-security plugin; the broker writes it.",
  },
  MQTT_MAX_CLIENTS: {
    parse: count(1, 100_000),
    default: "10000",
    expects: "a whole number, 1 to 100000",
    description: "Clients that the broker serves at a time; one more is refused with CONNACK 3.",
  },
  MQTT_MAX_PACKET: {
    parse: size("1KiB", "64MiB"),
    default: "1MiB",
    expects: "a size, `1KiB` to `64MiB`",
    description: "Largest packet that the broker takes; a larger one ends its connection.",
  },
  MQTT_QUEUE_WAIT: {
    parse: size("64KiB", "256MiB"),
    default: "1MiB",
    expects: "a size, `64KiB` to `256MiB`",
    description:
      "What may wait for one reader before its publishers wait too, up to a second, and then its messages of QoS 0 are dropped.",
  },
  MQTT_QUEUE_MAX: {
    parse: size("64KiB", "1GiB"),
    default: "8MiB",
    expects: "a size, `64KiB` to `1GiB`",
    description:
      "What may wait for one reader before it is disconnected; more than `MQTT_QUEUE_WAIT` and `MQTT_MAX_PACKET` together.",
  },
  MQTT_SESSION_MESSAGES: {
    parse: count(1, 30_000),
    default: "20000",
    expects: "a whole number, 1 to 30000",
    description: "Messages that the broker holds for one persistent session while its client is away.",
  },
  MQTT_SESSION_EXPIRY: {
    parse: duration("1m", "365d"),
    default: "7d",
    expects: "a duration, `1m` to `365d`",
    description:
      "How long a client may be away before its persistent session is ended, with all that it holds.",
  },
  USERS_FILE: {
    parse: path,
    default: "$DATA_DIR/users.yaml",
    expects: "a file",
    description: "People and tokens that may sign in to the HTTP services; `fieldmesh users` writes it.",
  },
  REGISTRY_KEY: {
    parse: text,
    secret: true,
    expects: "text",
    description: "API key or token that `fieldmesh mesh` shows the registry.",
  },
  SERVICE_TOKEN: {
    parse: serviceToken,
    secret: true,
    expects: "20 to 200 letters, digits or . _ ~ + / -",
    description:
      "What the historian and the registry show each other; the same for both. `fieldmesh start` and `setup` make it.",
  },
  LOG_LEVEL: {
    parse: oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent"),
    default: "info",
    expects: "`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`",
    description: "The least severe level that is logged.",
  },
} as const satisfies Record<string, Variable<unknown>>;

export type VariableName = keyof typeof VARIABLES;

type Value<V> = V extends { parse: Parser<infer T> }
  ? V extends { default: string }
    ? T
    : T | undefined
  : never;

/** Every variable with the type of its value. */
export type Environment = { [N in VariableName]: Value<(typeof VARIABLES)[N]> };
