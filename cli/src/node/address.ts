import { parseName } from "@fieldmesh/protocol";
import { readEnvironment } from "@fieldmesh/runtime";
import { UsageError } from "../exit.js";
import type { Terminal } from "../terminal.js";

export interface NodeAddress {
  domain: string;
  node: string;
}

/** `greenhouse` in the domain of DOMAIN, or `farm/greenhouse`. */
export function parseNodeAddress(text: string, terminal: Terminal): NodeAddress {
  const levels = text.split("/");
  if (levels.length > 2) throw new UsageError(`node "${text}": expected <domain>/<node>`);
  const [first = "", second] = levels;
  const domain = second === undefined ? readEnvironment(["DOMAIN"], terminal.env).DOMAIN : first;
  for (const [kind, value] of [
    ["domain", domain],
    ["node", second ?? first],
  ] as const) {
    const name = parseName(kind, value);
    if (!name.ok) throw new UsageError(name.detail);
  }
  return { domain, node: second ?? first };
}
