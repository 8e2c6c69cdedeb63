import type { Limits } from "../limits.js";
import type { Port } from "./port.js";

/** Keep-alive counts in seconds; half of one is fine enough for 1.5 times it. */
export const SWEEP_INTERVAL_MS = 500;

/** Closes connections that send no CONNECT, or are silent for 1.5 times their keep-alive [MQTT-3.1.2-24]. */
export function sweep(ports: Iterable<Port>, tick: number, limits: Limits): void {
  for (const port of ports) {
    if (port.connect === null) {
      if ((tick - port.openedTick) * SWEEP_INTERVAL_MS > limits.connectTimeoutMs) {
        port.fail("connect-refused", `no CONNECT within ${limits.connectTimeoutMs} ms`);
      }
      continue;
    }
    if (port.waiting) {
      port.heardTick = tick; // it may well have sent; it is us who do not read
      continue;
    }
    const { keepAliveS } = port.connect;
    if (keepAliveS > 0 && (tick - port.heardTick) * SWEEP_INTERVAL_MS > keepAliveS * 1_500) {
      port.fail("keep-alive", `nothing heard within 1.5 times its keep-alive of ${keepAliveS} s`);
    }
  }
}
