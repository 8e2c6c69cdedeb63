import { parseMessage } from "@fieldmesh/protocol";
import type { BrokerOptions } from "../broker-options.js";
import { oneBroker, openLink } from "../connection.js";
import { FailureError } from "../exit.js";
import { type Terminal, writeJson, writeLine } from "../terminal.js";
import { parseNodeAddress } from "./address.js";

export interface RemoveOptions extends BrokerOptions {
  force?: boolean;
  json?: boolean;
}

/** Retained messages follow a subscription at once; this long without one means that there are no more. */
const QUIET_MS = 700;
const LIMIT_MS = 15_000;

/**
 * Retires a node for good: empties every retained topic of its own and the acknowledgements of its alarms. One that
 * is online would publish them again, so it is refused unless forced.
 */
export async function removeNode(node: string, options: RemoveOptions, terminal: Terminal): Promise<void> {
  const { domain, node: id } = parseNodeAddress(node, terminal);
  const filters = [`${domain}/${id}/#`, `${domain}/event/${id}/#`, `mesh/ack/${domain}/${id}/#`];
  const access = await oneBroker(options, terminal);
  const retained = new Map<string, Buffer>();
  let lastAt = performance.now();
  const { link, refusedFilters } = await openLink(
    access,
    { ...options, purpose: "remove" },
    terminal,
    async (prepared) => {
      prepared.onMessage((topic, payload, info) => {
        if (!info.retain || payload.length === 0) return;
        retained.set(topic, payload);
        lastAt = performance.now();
      });
      await prepared.subscribe(filters, 0);
    },
  );
  try {
    if (refusedFilters.size > 0) {
      throw new FailureError(
        `the broker does not let us read ${[...refusedFilters].join(", ")}: use a credential of role service`,
      );
    }
    lastAt = performance.now();
    const deadline = lastAt + LIMIT_MS;
    while (performance.now() - lastAt < QUIET_MS && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (retained.size === 0)
      throw new FailureError(
        `nothing is known of ${domain}/${id}: \`fieldmesh sub -t '+/+/birth' -v\` shows every node`,
      );
    if (isOnline(`${domain}/${id}/status`, retained) && options.force !== true) {
      throw new FailureError(`${domain}/${id} is online and would come back: end it first, or use --force`);
    }
    // The birth last: without it nobody would show what an interrupted run has left.
    const topics = [...retained.keys()].sort(
      (a, b) => Number(a.endsWith("/birth")) - Number(b.endsWith("/birth")),
    );
    for (const topic of topics) await link.publish(topic, "", { qos: 1, retain: true });
    if (options.json) await writeJson(terminal.stdout, { domain, node: id, removed: topics });
    else {
      await writeLine(terminal.stdout, `removed ${domain}/${id}: ${topics.length} retained topics emptied`);
      terminal.stderr.write(
        "its credential and its folder are still there: `fieldmesh credentials remove`, DATA_DIR/edge\n",
      );
    }
  } finally {
    await link.close();
  }
}

function isOnline(topic: string, retained: ReadonlyMap<string, Buffer>): boolean {
  const payload = retained.get(topic);
  if (payload === undefined) return false;
  const message = parseMessage(topic, payload, { now: Date.now(), retain: true });
  return message.ok && message.value.kind === "status" && message.value.status?.state === "online";
}
