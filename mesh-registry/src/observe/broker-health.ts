import type { BirthCounts } from "./stream-observer.js";

/** How it stands with the broker, as `/health` tells. The registry serves without it. */
export interface BrokerHealth {
  connected: boolean;
  /** Without user and password. */
  url?: string;
  /** Why it is not connected. */
  reason?: string;
  /** What became of the births of nodes. */
  births?: BirthCounts;
}
