import type { Quality, Rule, Simulation } from "@fieldmesh/protocol";
import type { SensorConfig } from "./config/types.js";
import type { OwnBroker } from "./drivers/driver.js";

/** How a reading stands to one rule. */
export type Verdict =
  | "violated" // beyond the limit
  | "clear" // beyond the limit on the good side, hysteresis included
  | "between" // in the hysteresis band: whatever holds, goes on
  | "unjudged"; // a bad reading, or too little seen yet: nothing is known

/** A worker says that it is alive this often, whatever its interval. */
export const HEARTBEAT_MS = 5_000;

/** What a worker is started with (`workerData`): settings changed by command are already in `sensor`. */
export interface WorkerStart {
  domain: string;
  node: string;
  sensor: SensorConfig;
  /** A fault that `simulate` brought about and that a replaced worker must go on with. */
  simulation?: Simulation;
  /** Only where the sensor's driver needs it: it may hold a password. */
  broker?: OwnBroker;
  /** One number in shared memory: the process group of the program that the worker runs, 0 for none. */
  programGroup?: Int32Array<SharedArrayBuffer>;
}

/** Main thread to worker. */
export type ToWorker =
  | { type: "set-interval"; intervalMs: number }
  /** Replaces the rule of that id (one of the sensor's own); answered by `judged` when there is a value. */
  | { type: "set-rule"; rule: Rule }
  | { type: "read-now" }
  | { type: "simulate"; fault: Simulation }
  /** The worker closes its driver and exits with code 0. */
  | { type: "stop" };

/** Worker to main thread. */
export type FromWorker =
  /** The sensor was read, or failed to be. `suppressed`: the deadband keeps it back; it is counted, not sent. */
  | {
      type: "reading";
      value: number | boolean | null;
      quality?: Quality;
      reason?: string;
      /** ms since the epoch. */
      timestamp: number;
      /** One for each rule of the sensor but `missing`. */
      verdicts: Record<string, Verdict>;
      suppressed: boolean;
    }
  /** The last good value judged anew under a changed rule. It is not a reading and is not counted as one. */
  | { type: "judged"; value: number | boolean; timestamp: number; verdicts: Record<string, Verdict> }
  /** Every HEARTBEAT_MS. `skipped`: ticks left out since the start, as the read before them was still going on. */
  | { type: "heartbeat"; skipped: number }
  /** The worker cannot go on and exits; it is to be replaced. */
  | { type: "fatal"; reason: string };
