import { readFile } from "node:fs/promises";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { DriverError, reasonOf } from "./driver.js";

const RECONNECT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 15;

export interface SourceOptions {
  /** Several with commas are tried in turn. */
  url: string;
  topic: string;
  qos: 0 | 1;
  clientId: string;
  username?: string | undefined;
  password?: string | undefined;
  /** PEM file. */
  ca?: string | undefined;
}

export interface Source {
  /** Why nothing can come at present; `undefined` while subscribed. */
  trouble(): string | undefined;
  close(): Promise<void>;
}

type OnMessage = (payload: Buffer, info: { retain: boolean }) => void;

/** One subscription at some broker, for as long as it takes: connects again by itself. */
export async function openSource(options: SourceOptions, onMessage: OnMessage): Promise<Source> {
  const { topic, qos, username, password } = options;
  const settings: IClientOptions = {
    clientId: options.clientId,
    clean: true,
    resubscribe: false,
    keepalive: KEEPALIVE_S,
    reconnectPeriod: RECONNECT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    servers: serversOf(options.url),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(options.ca !== undefined && { ca: await readFile(options.ca) }),
  };
  const client: MqttClient = mqtt.connect(settings);
  let trouble: string | undefined = "not connected yet";

  client.on("connect", () => {
    client.subscribe(topic, { qos }, (error, granted) => {
      const refused = granted?.some((grant) => grant.qos === 128) === true;
      trouble =
        error !== null || refused ? `the broker refuses a subscription to ${topic}${why(error)}` : undefined;
    });
  });
  client.on("message", (_topic, payload, { retain }) => onMessage(payload, { retain }));
  client.on("error", (error) => {
    trouble = reasonOf(error);
  });
  client.on("close", () => {
    trouble ??= "the connection was lost";
  });
  return {
    trouble: () => trouble,
    close: async () => {
      client.removeAllListeners("message");
      await client.endAsync(true);
    },
  };
}

function why(error: Error | null): string {
  return error === null ? "" : `: ${error.message}`;
}

const DEFAULT_PORT: Readonly<Record<string, number>> = { mqtt: 1883, mqtts: 8883, ws: 9001, wss: 443 };

/** The addresses as mqtt.js takes several. Throws a DriverError when one is none. */
function serversOf(urls: string): NonNullable<IClientOptions["servers"]> {
  return urls.split(",").map((text) => {
    const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
    const protocol = url?.protocol.slice(0, -1);
    if (url === undefined || !isProtocol(protocol)) {
      throw new DriverError(
        `expected the address of a broker, as mqtt://host:1883, got ${JSON.stringify(text)}`,
      );
    }
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const path = protocol.startsWith("ws") && url.pathname !== "/" ? { path: url.pathname } : {};
    return {
      protocol,
      host,
      port: url.port === "" ? (DEFAULT_PORT[protocol] ?? 1883) : Number(url.port),
      ...path,
    };
  });
}

function isProtocol(protocol: string | undefined): protocol is "mqtt" | "mqtts" | "ws" | "wss" {
  return protocol !== undefined && Object.hasOwn(DEFAULT_PORT, protocol);
}
