import { BlockList, isIP } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/**
 * Whether an address or host name reaches this machine only: 127.0.0.0/8, ::1, their IPv4-mapped form, or
 * `localhost` (which RFC 6761 reserves; other names may resolve to anything).
 */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1] ?? bare;
  const family = isIP(mapped);
  if (family === 0) return bare === "localhost";
  return LOOPBACK.check(mapped, family === 6 ? "ipv6" : "ipv4");
}
