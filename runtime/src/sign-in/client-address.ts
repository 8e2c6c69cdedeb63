import type { IncomingHttpHeaders } from "node:http";
import { isIPv6 } from "node:net";
import { isLoopback } from "../environment/loopback.js";

/** Whether a proxy passed the request on: RFC 7239, and what proxies wrote before it. */
export function isForwarded(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some(
    (name) =>
      name === "forwarded" || name === "via" || name === "x-real-ip" || name.startsWith("x-forwarded-"),
  );
}

/**
 * What attempts are counted by. The peer's address (of IPv6 its /64, which is one customer); behind a proxy on
 * this machine the address that this proxy wrote, the last one. It decides nothing else: it can be forged
 * where there is no proxy.
 */
export function clientKey(headers: IncomingHttpHeaders, remoteAddress: string | undefined): string {
  let address = remoteAddress ?? "unknown";
  const forwarded = headers["x-forwarded-for"];
  if (forwarded !== undefined && isLoopback(address)) {
    address = [forwarded].flat().join(",").split(",").at(-1)?.trim().slice(0, 64) ?? address;
  }
  const plain = address.replace(/^::ffff:/, "");
  return plain.includes(":") && isIPv6(plain) ? `${expand(plain).slice(0, 4).join(":")}::/64` : plain;
}

/** The eight groups of an IPv6 address. */
function expand(address: string): string[] {
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? [];
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  return [...before, ...zeros, ...after];
}
