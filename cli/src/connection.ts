import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  createLog,
  createMqttLink,
  type LinkRefusal,
  type Log,
  type MqttLink,
  readEnvironment,
} from "@fieldmesh/runtime";
import type { BrokerOptions } from "./broker-options.js";
import { FailureError, UsageError } from "./exit.js";
import type { Terminal } from "./terminal.js";

/** Where the broker is and who we are there, from options before the environment. */
export interface BrokerAccess {
  urls: string[];
  username?: string | undefined;
  password?: string | undefined;
  ca?: Buffer | undefined;
}

/**
 * Every broker meant: one, or with a MQTT_URL of several brokers each of them.
 * @throws UsageError, EnvironmentError when they contradict or are malformed
 */
export async function brokerAccess(options: BrokerOptions, terminal: Terminal): Promise<BrokerAccess[]> {
  if (options.url !== undefined && (options.host !== undefined || options.port !== undefined)) {
    throw new UsageError("give --url, or --host and --port, not both");
  }
  const url =
    options.url ??
    (options.host === undefined && options.port === undefined
      ? undefined
      : hostUrl(options.host ?? "127.0.0.1", options.port ?? "1883", options.cafile !== undefined));
  const env: Record<string, string | undefined> = { ...terminal.env };
  if (url !== undefined) env["MQTT_URL"] = url;
  if (options.cafile !== undefined) env["MQTT_CA"] = options.cafile;
  if (options.password !== undefined) {
    env["MQTT_PASSWORD"] = options.password;
    delete env["MQTT_PASSWORD_FILE"];
  }
  const read = readEnvironment(["MQTT_URL", "MQTT_USERNAME", "MQTT_PASSWORD", "MQTT_CA"], env);
  const username = options.username ?? read.MQTT_USERNAME;
  const ca = read.MQTT_CA === undefined ? undefined : await readCertificates(read.MQTT_CA);
  return read.MQTT_URL.map((urls) => ({ urls, username, password: read.MQTT_PASSWORD, ca }));
}

function hostUrl(host: string, port: string, tls: boolean): string {
  const bare = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return `${tls || port === "8883" ? "mqtts" : "mqtt"}://${bare}:${port}`;
}

async function readCertificates(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UsageError(`MQTT_CA: cannot read ${path}`, { cause });
  }
}

/** A link that a command made and has not started yet. */
export interface PreparedLink {
  link: MqttLink;
  /** Filters that the broker refused so far. */
  refusedFilters: ReadonlySet<string>;
  /**
   * Resolves at the first connection, once the link was started.
   * @throws FailureError, with the reason and what to do, at once when nobody is there or the user is refused
   */
  connected(): Promise<void>;
}

/**
 * Makes a link that fails as `mosquitto_pub` does when the first connection does not come about, and is kept up
 * after that: what it has to say later goes to the standard error.
 */
export function prepareLink(
  access: BrokerAccess,
  options: Pick<BrokerOptions, "id" | "connectTimeout"> & { purpose: string },
  terminal: Terminal,
): PreparedLink {
  const refusedFilters = new Set<string>();
  let connectedOnce = false;
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {}); // raced in connected(); what comes later is the link's to mend
  const log = linkLog(({ reason, advice, msg }) => {
    if (connectedOnce)
      terminal.stderr.write(`fieldmesh: ${msg}${reason === undefined ? "" : `: ${reason}`}\n`);
    else if (access.urls.length === 1 && reason !== undefined) {
      fail(
        new FailureError(`${msg} at ${link.url}: ${reason}${advice === undefined ? "" : `\n  ${advice}`}`),
      );
    }
  });
  const link = createMqttLink({
    urls: access.urls,
    clientId: options.id ?? `fm-${options.purpose}-${randomBytes(4).toString("hex")}`,
    username: access.username,
    password: access.password,
    ca: access.ca,
    connectTimeoutMs: options.connectTimeout,
    log,
    onRefused: (refusal: LinkRefusal) => {
      if (refusal.kind === "subscription") for (const filter of refusal.filters) refusedFilters.add(filter);
      else if (!connectedOnce) {
        fail(
          new FailureError(`the broker at ${link.url} refused us: ${refusal.reason}\n  ${refusal.advice}`),
        );
      }
    },
  });
  const first = new Promise<void>((resolve) => {
    link.onConnect(() => {
      connectedOnce = true;
      resolve();
    });
  });
  const connected = async (): Promise<void> => {
    const timer = setTimeout(() => {
      const seconds = options.connectTimeout / 1_000;
      fail(new FailureError(`no broker answered at ${access.urls.join(", ")} within ${seconds} s`));
    }, options.connectTimeout + 1_000);
    try {
      await Promise.race([first, failed]);
    } finally {
      clearTimeout(timer);
    }
  };
  return { link, refusedFilters, connected };
}

/** Connects to one broker. `prepare` adds handlers and subscriptions beforehand, so that nothing is missed. */
export async function openLink(
  access: BrokerAccess,
  options: Pick<BrokerOptions, "id" | "connectTimeout"> & { purpose: string },
  terminal: Terminal,
  prepare: (link: MqttLink) => Promise<void> | void = () => {},
): Promise<PreparedLink> {
  const prepared = prepareLink(access, options, terminal);
  await prepare(prepared.link);
  prepared.link.start();
  try {
    await prepared.connected();
  } catch (error) {
    await prepared.link.close();
    throw error;
  }
  return prepared;
}

/** The one broker that a command speaks to; with several, a person says which. */
export async function oneBroker(options: BrokerOptions, terminal: Terminal): Promise<BrokerAccess> {
  const [access, ...others] = await brokerAccess(options, terminal);
  if (access === undefined || others.length > 0) {
    throw new UsageError("MQTT_URL names several brokers: say with --url which one is meant");
  }
  return access;
}

interface LinkLine {
  msg: string;
  reason?: string;
  advice?: string;
}

/** A log whose warnings and errors are told to the command instead of written as JSON. */
function linkLog(tell: (line: LinkLine) => void): Log {
  return createLog("fieldmesh", {
    level: "warn",
    destination: { write: (line) => tell(JSON.parse(line) as LinkLine) },
  });
}
