import type { Log } from "@fieldmesh/runtime";
import type { Access } from "./access.js";
import type { BrokerDoor } from "./broker-door.js";

export interface DoorKeeperOptions {
  access: Pick<Access, "grants" | "grantsOf" | "onChange">;
  door: Pick<BrokerDoor, "set" | "reconcile">;
  log: Log;
}

/** Has the broker follow what is decided: whatever opens or closes a product opens or closes its topics. */
export class DoorKeeper {
  readonly #options: DoorKeeperOptions;
  #stop: (() => void) | undefined;

  constructor(options: DoorKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    const { access, door, log } = this.#options;
    this.#stop = access.onChange((consumer) => {
      door.set(consumer, access.grantsOf(consumer)).catch((error: unknown) => {
        log.error({ err: error, consumer }, "the broker does not follow what was decided about a consumer");
      });
    });
    const all = new Map<string, Map<string, readonly string[]>>();
    for (const { consumer, product, topicFilters } of access.grants()) {
      const products = all.get(consumer) ?? new Map<string, readonly string[]>();
      all.set(consumer, products.set(product, topicFilters));
    }
    door.reconcile(all).catch((error: unknown) => {
      log.error({ err: error }, "the broker does not follow what was decided about consumers");
    });
  }

  close(): void {
    this.#stop?.();
  }
}
