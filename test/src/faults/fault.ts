import type { BrokerKind } from "./harness/brokers.js";
import type { House, HouseSettings } from "./harness/house.js";
import type { StoreKind } from "./harness/store.js";

/** One row of the table of faults. */
export interface Fault {
  name: string;
  /** Where it applies. */
  brokers: readonly BrokerKind[];
  stores: readonly StoreKind[];
  /** Needs rights that a user does not have: mounting a small disk. */
  needsRoot?: boolean;
  house?: Partial<HouseSettings>;
  /** Puts something between the parts of the house, before it is started. */
  between?: Parameters<typeof House.build>[1];
  /** Breaks something, lets it last, and mends it. Resolves at the end of the fault. */
  inflict(house: House): Promise<void>;
  /** Another node than that of the house goes on when that one is stopped. */
  leavesRunning?: boolean;
  /** Readings that this fault may cost by name; by default none. */
  mayDrop?: boolean;
  /** What else must be true once the identity holds. */
  afterwards?(house: House): void | Promise<void>;
}
