import type { Log } from "@fieldmesh/runtime";
import type { BrokerAccess } from "../broker-access/broker-access.js";
import type { Access } from "./access.js";

export interface DoorKeeperOptions {
  access: Pick<Access, "grants" | "grantsOf" | "onChange">;
  door: Pick<BrokerAccess, "set" | "reconcile">;
  log: Log;
}

/**
 * Has the broker follow what is decided: whatever opens or closes a product opens or closes its topics.
 * @returns ends that
 */
export function keepDoors({ access, door, log }: DoorKeeperOptions): () => Promise<void> {
  const failed = (error: unknown): void => {
    log.error({ err: error }, "the broker does not follow what was decided about consumers");
  };
  const stop = access.onChange((consumer) => {
    door.set(consumer, access.grantsOf(consumer)).catch(failed);
  });
  const all = new Map<string, Map<string, readonly string[]>>();
  for (const { consumer, product, topicFilters } of access.grants()) {
    const products = all.get(consumer) ?? new Map<string, readonly string[]>();
    all.set(consumer, products.set(product, topicFilters));
  }
  door.reconcile(all).catch(failed);
  return () => {
    stop();
    return Promise.resolve();
  };
}
