import type { Terminal } from "../terminal.js";
import { formatLogLine } from "./log-line.js";

/** Whoever reads our output may have stopped (a pager): so much waits for it, the rest is dropped and counted. */
const MAX_WAITING_BYTES = 1_048_576;
/** Lines held back until the dashboard's address is known; a service that says more at its start is looping. */
const MAX_HELD = 5_000;

/**
 * What the services say, as lines for people or (raw) as the JSON lines they are. Held back until `release()`, so
 * that the first line a person sees is the dashboard's address.
 */
export class ServiceOutput {
  readonly #terminal: Terminal;
  readonly #raw: boolean;
  readonly #width: number;
  #held: [service: string, line: string][] | undefined = [];
  #dropped = 0;

  constructor(terminal: Terminal, options: { raw: boolean; names: readonly string[] }) {
    this.#terminal = terminal;
    this.#raw = options.raw;
    this.#width = Math.max(...options.names.map((name) => name.length));
  }

  /** A line that a service wrote. */
  line(service: string, line: string): void {
    if (this.#held === undefined) this.#write(service, line);
    else if (this.#held.length < MAX_HELD) this.#held.push([service, line]);
    else this.#dropped += 1;
  }

  /** A line of the supervisor's own. */
  tell(level: "info" | "warn" | "error", msg: string, fields: Record<string, unknown> = {}): void {
    const event = { level, time: new Date().toISOString(), service: "start", msg, ...fields };
    this.#write("start", JSON.stringify(event));
  }

  /** Shows what was held back, and everything from now on at once. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [service, line] of held) this.#write(service, line);
  }

  #write(service: string, line: string): void {
    if (this.#terminal.stdout.writableLength > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      const lines = this.#dropped;
      this.#dropped = 0;
      this.tell("warn", `${lines} lines dropped: the output was read too slowly`, { lines });
    }
    if (this.#raw) this.#terminal.stdout.write(`${line}\n`);
    else {
      const colour = this.#terminal.stdout.isTTY === true && this.#terminal.env["NO_COLOR"] === undefined;
      this.#terminal.stdout.write(`${formatLogLine(service, line, { width: this.#width, colour })}\n`);
    }
  }
}
