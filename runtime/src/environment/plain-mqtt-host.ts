import { isLoopback } from "./loopback.js";

/** The variables that decide it. */
export interface PlainMqttHostEnvironment {
  HOST: string;
  TLS_CERT: string | undefined;
  MQTT_PLAIN_HOST: string | undefined;
}

/**
 * Where the broker's listener without TLS binds: `HOST`, but where there is a certificate and `HOST` is open to
 * others, this machine only, unless `MQTT_PLAIN_HOST` says so: passwords would cross the network in the clear.
 */
export function plainMqttHost({ HOST, TLS_CERT, MQTT_PLAIN_HOST }: PlainMqttHostEnvironment): string {
  return MQTT_PLAIN_HOST ?? (TLS_CERT !== undefined && !isLoopback(HOST) ? "127.0.0.1" : HOST);
}
