import { isIPv6 } from "node:net";

/** What a peer (`address:port`) is counted under: its address, or of IPv6 the /64 network, which is one customer's. */
export function addressKey(peer: string): string {
  const address = addressOf(peer);
  return isIPv6(address) && !address.includes(".") ? networkOf(address) : address;
}

/** The address of a peer. */
export function addressOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(":"));
}

function networkOf(address: string): string {
  const [before = "", after] = address.split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(":")}::/64`;
}
