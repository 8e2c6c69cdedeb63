const DEFAULT_PORTS: Record<string, number> = { "mqtt:": 1883, "mqtts:": 8883, "ws:": 9001, "wss:": 443 };

/** An address of a broker is malformed. */
export class BrokerAddressError extends Error {
  override readonly name = "BrokerAddressError";
  readonly code = "broker_address";
}

/**
 * Parses `mqtt://`, `mqtts://`, `ws://` or `wss://` with a host and, optionally, port, user and password.
 * Without a port: 1883, 8883, 9001, 443. A path is kept for WebSocket only.
 * @throws BrokerAddressError saying what is expected.
 */
export function parseBrokerAddress(address: string): URL {
  const expected = `an address as "mqtt://host:1883", "mqtts://…", "ws://…" or "wss://…"`;
  if (!URL.canParse(address)) throw new BrokerAddressError(expected);
  const url = new URL(address);
  const defaultPort = DEFAULT_PORTS[url.protocol];
  if (defaultPort === undefined || url.hostname === "") throw new BrokerAddressError(expected);
  if (!isEncoded(url.username) || !isEncoded(url.password)) {
    throw new BrokerAddressError(
      'user and password percent-encoded, "%" as "%25": or use MQTT_USERNAME and MQTT_PASSWORD',
    );
  }
  // The URL parser hides a default port of its own (80 of ws:), which is not ours: only an absent one is.
  if (url.port === "" && !/:(80|443)(\/|$)/.test(address)) url.port = String(defaultPort);
  return url;
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** The address without user and password, for logs and pages. */
export function shownAddress(url: URL): string {
  const port = url.port === "" ? "" : `:${url.port}`;
  return `${url.protocol}//${url.hostname}${port}${url.pathname === "/" ? "" : url.pathname}`;
}
