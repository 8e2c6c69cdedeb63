import { Worker } from "node:worker_threads";
import type { FromWorker, ToWorker, WorkerStart } from "../worker-messages.js";
import { HEARTBEAT_MS } from "../worker-messages.js";

/** No message for three heartbeats: the thread is stuck in something that does not let go. */
const SILENCE_LIMIT_MS = 3 * HEARTBEAT_MS;
/** How long a thread may take to end by itself, and then to be ended. */
const STOP_LIMIT_MS = 2_000;
const TERMINATE_LIMIT_MS = 5_000;
/** A driver needs little; a leak ends its own thread and not the node. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 8 };

export interface SensorThreadPorts {
  /** The built worker module. */
  module: URL;
  start: WorkerStart;
  silenceLimitMs?: number;
  terminateLimitMs?: number;
  onMessage: (message: FromWorker) => void;
  /** It ended by itself, or was ended because it was silent. Called once, not after `stop`. */
  onEnded: (reason: string) => void;
  /** It cannot be terminated: it is blocked in a native call and only a new process gets rid of it. */
  onImmortal: () => void;
}

/** One worker thread from its start to its end. */
export class SensorThread {
  readonly #ports: SensorThreadPorts;
  readonly #worker: Worker;
  /** Shared with the worker, which cannot tell of its program any more once it hangs. */
  readonly #programGroup = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #silence: NodeJS.Timeout | undefined;
  #ended = false;
  #stopping = false;
  #immortal = false;
  #fatal: string | undefined;

  constructor(ports: SensorThreadPorts) {
    this.#ports = ports;
    const { start } = ports;
    this.#worker = new Worker(ports.module, {
      workerData: { ...start, programGroup: this.#programGroup } satisfies WorkerStart,
      name: `sensor ${start.sensor.id}`,
      resourceLimits: RESOURCE_LIMITS,
      // What it writes to its standard output must not end up between the node's own lines.
      stdout: true,
      stderr: true,
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error: Error) => {
      this.#fatal = error.message;
    });
    this.#worker.on("exit", (code) => {
      this.#endProgram();
      this.#end(this.#fatal ?? `the worker ended with code ${code}`);
    });
    this.#listen();
  }

  post(message: ToWorker): void {
    if (!this.#ended) this.#worker.postMessage(message);
  }

  /** Asks it to end, and ends it when it does not. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#silence);
    if (this.#ended || this.#immortal) return;
    const ended = new Promise<void>((resolve) => this.#worker.once("exit", () => resolve()));
    this.post({ type: "stop" });
    if (await within(ended, STOP_LIMIT_MS)) return;
    await this.#terminate();
  }

  #receive(message: FromWorker): void {
    if (this.#ended || this.#stopping) return;
    this.#listen();
    if (message.type === "fatal") this.#fatal = message.reason;
    else this.#ports.onMessage(message);
  }

  #listen(): void {
    clearTimeout(this.#silence);
    const limitMs = this.#ports.silenceLimitMs ?? SILENCE_LIMIT_MS;
    this.#silence = setTimeout(() => {
      this.#fatal ??= `no heartbeat for ${limitMs / 1_000} s`;
      void this.#terminate();
    }, limitMs);
  }

  async #terminate(): Promise<void> {
    const limitMs = this.#ports.terminateLimitMs ?? TERMINATE_LIMIT_MS;
    if (await within(this.#worker.terminate(), limitMs)) return;
    this.#immortal = true;
    this.#endProgram();
    this.#ports.onImmortal();
  }

  /** Ends the program that the worker was running, with all that it started: nobody else waits for it now. */
  #endProgram(): void {
    const group = Atomics.exchange(this.#programGroup, 0, 0);
    if (group === 0) return;
    try {
      process.kill(-group, "SIGKILL");
    } catch {
      // it has ended by itself
    }
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#silence);
    if (!this.#stopping) this.#ports.onEnded(reason);
  }
}

async function within(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, limitMs, false);
  });
  const inTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
