import type { BrokerLog } from "./log.js";

const WINDOW_MS = 10_000;
/** A kill of a thousand nodes, or a scanner, must not fill the disk with one line each. */
const LINES_PER_WINDOW = 20;

/** Warnings with a bound for each cause; what was not written is counted and said when the window ends. */
export class LogLimiter {
  readonly #log: BrokerLog;
  readonly #lines = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: BrokerLog) {
    this.#log = log;
  }

  warn(cause: string, fields: object, message: string): void {
    const lines = (this.#lines.get(cause) ?? 0) + 1;
    this.#lines.set(cause, lines);
    if (lines <= LINES_PER_WINDOW) this.#log.warn({ cause, ...fields }, message);
    this.#timer ??= setTimeout(() => this.#endWindow(), WINDOW_MS).unref();
  }

  #endWindow(): void {
    this.#timer = undefined;
    for (const [cause, lines] of this.#lines) {
      if (lines > LINES_PER_WINDOW) {
        this.#log.warn(
          { cause, notLogged: lines - LINES_PER_WINDOW, windowMs: WINDOW_MS },
          "more of the same was not logged",
        );
      }
    }
    this.#lines.clear();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#endWindow();
  }
}
