import type { Log } from "../log.js";
import type { Principal } from "./sign-in.js";

/** Half of the second within which the end of a session is noticed. */
const CHECK_MS = 500;

/** Asks again and again whether principals may still what they might, and tells once when one may not. */
export class Watches {
  readonly #stillHolds: (principal: Principal) => Promise<boolean>;
  readonly #log: Log;
  readonly #watches = new Set<{ principal: Principal; onEnded: () => void }>();
  #timer: NodeJS.Timeout | undefined;
  #checking = false;

  constructor(stillHolds: (principal: Principal) => Promise<boolean>, log: Log) {
    this.#stillHolds = stillHolds;
    this.#log = log;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#check(), CHECK_MS).unref();
  }

  add(principal: Principal, onEnded: () => void): () => void {
    const watch = { principal, onEnded };
    this.#watches.add(watch);
    return () => void this.#watches.delete(watch);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watches.clear();
  }

  async #check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      for (const watch of this.#watches) {
        if (await this.#stillHolds(watch.principal)) continue;
        if (this.#watches.delete(watch)) watch.onEnded();
      }
    } catch (error) {
      this.#log.error({ err: error }, "sessions could not be checked");
    } finally {
      this.#checking = false;
    }
  }
}
