import { setTimeout as sleep } from "node:timers/promises";
import { parseMessage } from "@fieldmesh/protocol";
import type { MqttLink } from "@fieldmesh/runtime";
import { MAX_BOOT } from "./boot.js";
import type { Clock } from "./clock.js";

/** A broker that is there sends the retained status at once; one that has none says nothing. */
const QUIET_MS = 500;

/**
 * The boot in the retained status that a former process of this node left at the broker, or undefined when there
 * is none or no broker answers within `timeoutMs`. The link is its own and is closed again.
 */
export async function readRetainedBoot(
  link: MqttLink,
  topic: string,
  clock: Clock,
  timeoutMs: number,
): Promise<number | undefined> {
  let resolve: (boot: number | undefined) => void = () => {};
  const found = new Promise<number | undefined>((done) => {
    resolve = done;
  });
  const offMessage = link.onMessage((from, payload, { retain }) => {
    if (from !== topic) return;
    const parsed = parseMessage(topic, payload, { now: clock.now(), retain });
    if (parsed.ok && parsed.value.kind === "status" && parsed.value.status !== null) {
      const { boot } = parsed.value.status;
      resolve(boot > MAX_BOOT ? undefined : boot);
    }
  });
  const offConnect = link.onConnect(() => {
    void sleep(QUIET_MS).then(() => resolve(undefined));
  });
  const late = setTimeout(() => resolve(undefined), timeoutMs);
  try {
    await link.subscribe([topic], 1);
    link.start();
    return await found;
  } finally {
    clearTimeout(late);
    offConnect();
    offMessage();
    await link.close();
  }
}
