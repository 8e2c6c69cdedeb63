import { type Log, RestartRequest, wait } from "@fieldmesh/runtime";
import { type Lease, StoreAwayError } from "@fieldmesh/storage";
import type { Recorder } from "./recorder.js";
import type { Writer } from "./writer.js";

export interface DutyOptions {
  /** @throws StoreAwayError */
  reach: () => Promise<void>;
  /** Listens until the store is reached for the first time. */
  record: () => Promise<Recorder>;
  /** @param onLost another instance has it now */
  acquire: (onLost: (by: string) => void) => Lease;
  /** Takes up what was left, and begins; tried again when the store is away. */
  begin: (lease: Pick<Lease, "held">) => Promise<Writer>;
  /** Keeps up what a standby answers with; called now and again while another one writes. */
  follow: () => Promise<void>;
  /** Ends the process: a fresh one stands by. */
  stop: (reason: Error) => void;
  log: Log;
}

/** While the store is away, in the midst of taking up what was left. */
const RETRY_MS = 1_000;
const FOLLOW_MS = 30_000;
const RELEASE_MS = 1_500;

/**
 * Which of several instances on one store writes. The others stand by: they answer, and take over when the one that
 * writes gives up its lease or is gone.
 */
export class Duty {
  readonly #options: DutyOptions;
  readonly #closing = new AbortController();
  #lease: Lease | undefined;
  #writer: Writer | undefined;
  #recorder: Recorder | undefined;
  #beginning: Promise<void> | undefined;
  #follow: NodeJS.Timeout | undefined;

  constructor(options: DutyOptions) {
    this.#options = options;
  }

  /** Undefined while another instance writes, or the store has not been reached yet. */
  get writer(): Writer | undefined {
    return this.#writer;
  }

  /** Who listens: the one that writes, or before it the one that records. */
  get listening(): Pick<Writer, "links" | "ingest"> | undefined {
    return this.#writer ?? this.#recorder;
  }

  start(): void {
    this.#beginning = this.#reachStore()
      .then(() => this.#standBy())
      .catch((error: unknown) => this.#failed(error));
  }

  async close(): Promise<void> {
    clearInterval(this.#follow);
    this.#closing.abort();
    await this.#beginning;
    try {
      await this.#writer?.close();
    } finally {
      await this.#release();
    }
  }

  /** A store that is away must not hold up the end: the lease runs out by itself. */
  async #release(): Promise<void> {
    const limit = new AbortController();
    const released = this.#lease?.release().finally(() => limit.abort());
    await Promise.race([released, wait(RELEASE_MS, limit.signal)]);
  }

  /** Resolves when the store was reached, or this is closed. */
  async #reachStore(): Promise<void> {
    const { reach, record } = this.#options;
    const { signal } = this.#closing;
    try {
      while (!signal.aborted) {
        try {
          await reach();
          return;
        } catch (error) {
          if (!(error instanceof StoreAwayError)) throw error;
          this.#recorder ??= await record();
          await wait(RETRY_MS, signal);
        }
      }
    } finally {
      const recorder = this.#recorder;
      this.#recorder = undefined;
      await recorder?.close();
    }
  }

  #standBy(): void {
    if (this.#closing.signal.aborted) return;
    const lease = this.#options.acquire((by) => this.#lost(by));
    this.#lease = lease;
    this.#followNow();
    this.#follow = setInterval(() => this.#followNow(), FOLLOW_MS);
    void lease.whenHeld.then(() => {
      clearInterval(this.#follow);
      this.#beginning = this.#begin(lease).catch((error: unknown) => this.#failed(error));
    });
  }

  async #begin(lease: Lease): Promise<void> {
    const { begin, log } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        this.#writer = await begin(lease);
        log.info("this historian writes");
        return;
      } catch (error) {
        if (!(error instanceof StoreAwayError)) throw error;
        log.warn({ err: error }, "cannot take up what was left: the store is away");
        await wait(RETRY_MS, signal);
      }
    }
  }

  #failed(error: unknown): void {
    this.#options.stop(error instanceof Error ? error : new Error(String(error)));
  }

  #lost(by: string): void {
    this.#writer?.abandon();
    this.#options.stop(new RestartRequest(`${by} writes now: this one stands by`));
  }

  #followNow(): void {
    this.#options.follow().catch((error: unknown) => {
      this.#options.log.debug({ err: error }, "cannot follow what another one writes");
    });
  }
}
