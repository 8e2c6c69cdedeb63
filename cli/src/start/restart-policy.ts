import { EXIT } from "@fieldmesh/runtime";

/** How a child process ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  uptimeMs: number;
}

export type Decision =
  | { kind: "restart"; delayMs: number }
  /** Starting it again would end the same way: a person must change something first. */
  | { kind: "leave" };

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** A service that held this long was a good one: its next fall counts as the first. */
const STABLE_MS = 60_000;
/** Restarts at once that a service may ask for (exit code 75) before it is made to wait like any other. */
const MAX_AT_ONCE = 5;

/**
 * When a child is started again: at once if it asks for it, never if its settings are wrong or another took its
 * place, else after 0.5 s doubling to 30 s.
 */
export class RestartPolicy {
  #failures = 0;
  #atOnce = 0;

  decide(ended: Ended): Decision {
    if (ended.code === EXIT.badConfiguration) return { kind: "leave" };
    if (ended.uptimeMs >= STABLE_MS) {
      this.#failures = 0;
      this.#atOnce = 0;
    }
    if (ended.code === EXIT.restart && this.#atOnce < MAX_AT_ONCE) {
      this.#atOnce += 1;
      return { kind: "restart", delayMs: 0 };
    }
    const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    return { kind: "restart", delayMs };
  }
}
