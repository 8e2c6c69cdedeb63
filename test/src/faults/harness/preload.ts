/**
 * Loaded into an edge node's process and its sensor workers by `node --import`: does to them from inside what no
 * signal can. It reads what to do from the file FAULT_CONTROL, which a test writes.
 */
import { readFileSync } from "node:fs";
import { isMainThread, workerData } from "node:worker_threads";

/** What the control file says, as JSON. */
export interface FaultControl {
  /** Added to the wall clock of all threads, ms. */
  shiftMs?: number;
  /** Sensors whose workers throw, or stand still, once: a worker begun after `at` is spared. */
  crash?: { sensor: string; at: number };
  hang?: { sensor: string; at: number };
}

const LOOK_EVERY_MS = 100;

const path = process.env["FAULT_CONTROL"];
if (path !== undefined) install(path);

function install(control: string): void {
  const systemNow = Date.now.bind(Date);
  const startedAt = systemNow();
  let shiftMs = 0;

  class ShiftedDate extends Date {
    constructor(...args: unknown[]) {
      // `new Date()` is now; anything else is as ever.
      super(...((args.length === 0 ? [systemNow() + shiftMs] : args) as [number]));
    }

    static override now(): number {
      return systemNow() + shiftMs;
    }
  }
  globalThis.Date = ShiftedDate as DateConstructor;

  const look = (): void => {
    const orders = read(control);
    shiftMs = orders.shiftMs ?? 0;
    if (isMainThread) return;
    while (concerns(orders.hang, startedAt)); // until the worker is terminated
    if (concerns(orders.crash, startedAt)) throw new Error("crashed by the test");
  };
  look();
  setInterval(look, LOOK_EVERY_MS).unref();
}

function read(control: string): FaultControl {
  try {
    return JSON.parse(readFileSync(control, "utf8")) as FaultControl;
  } catch {
    return {}; // not written yet, or being written
  }
}

function concerns(order: { sensor: string; at: number } | undefined, startedAt: number): boolean {
  if (order === undefined || order.at < startedAt) return false;
  return JSON.stringify(workerData).includes(`"id":"${order.sensor}"`);
}
