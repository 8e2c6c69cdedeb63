import { BlockList, isIP } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addAddress("::1", "ipv6");

/**
 * Whether an address or host name reaches this machine only: 127.0.0.0/8, ::1, their IPv4-mapped form, or
 * `localhost` (which RFC 6761 reserves; other names may resolve to anything).
 */
export function isLoopback(host: string): boolean {
  if (host === "127.0.0.1") return true; // asked of every request
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1] ?? bare;
  const family = isIP(mapped);
  if (family === 0) return bare === "localhost";
  return family === 4 ? mapped.startsWith("127.") : LOOPBACK.check(mapped, "ipv6");
}
