import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { eachLine } from "./lines.js";
import { type Ended, RestartPolicy } from "./restart-policy.js";

/** What is run: a Node.js program in a process of its own. */
export interface ServiceSpec {
  /** As the output names it. */
  name: string;
  /** Script and arguments for Node.js. */
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}

export interface ServiceEvents {
  /** Each line of its output. */
  line(service: string, line: string): void;
  /** It ended by itself; `delayMs` until it is started again, or undefined when it is left alone. */
  ended(service: string, ended: Ended, delayMs: number | undefined): void;
}

/** More than the 8 s that a service gives itself for an orderly end. */
const STOP_LIMIT_MS = 10_000;

/**
 * One child process, started again when it ends, until `stop()`. It has a process group of its own, so that Ctrl-C
 * reaches the supervisor alone and the order of ending is ours; and a channel to us whose loss tells it that we are
 * gone, by `kill -9` too.
 */
export class SupervisedService {
  readonly name: string;
  readonly #spec: ServiceSpec;
  readonly #events: ServiceEvents;
  readonly #policy = new RestartPolicy();
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(spec: ServiceSpec, events: ServiceEvents) {
    this.name = spec.name;
    this.#spec = spec;
    this.#events = events;
  }

  /** The present process, or undefined between two. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    if (this.#stopping || this.#child !== undefined) return;
    const startedAt = performance.now();
    const child = spawn(process.execPath, this.#spec.args, {
      env: this.#spec.env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) eachLine(stream, (line) => this.#events.line(this.name, line));
    }
    child.once("error", (error) => this.#events.line(this.name, `cannot be started: ${error.message}`));
    // "close", not "exit": its last words are read first.
    child.once("close", (code, signal) => {
      this.#child = undefined;
      if (!this.#stopping) this.#onEnded({ code, signal, uptimeMs: performance.now() - startedAt });
    });
  }

  #onEnded(ended: Ended): void {
    const decision = this.#policy.decide(ended);
    const delayMs = decision.kind === "restart" ? decision.delayMs : undefined;
    if (delayMs !== undefined) this.#timer = setTimeout(() => this.start(), delayMs);
    this.#events.ended(this.name, ended, delayMs);
  }

  /** Ends it in order, by force after the limit. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined) return;
    const closed = once(child, "close");
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
    await closed;
    clearTimeout(force);
  }

  /** Ends it at once, without order. */
  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#child?.kill("SIGKILL");
  }
}
